#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include "flash.h"

#define RARELY __attribute__((noinline, cold))
#define MOST_WORDS (TRACE_MOST_INSTRUCTIONS + 1U)
#define MOST_EVENTS (TRACE_MOST_ACCESSES + MOST_WORDS + FLASH_KEPT_EVENTS)

static struct {
    trace_block_t *block; /* the one that is executed now */
    const state_t *state; /* before it */
    uint32_t end;         /* number of its instructions that were executed */
    uint32_t accesses;
    course_t *last;    /* of the block before */
    course_t *counted; /* courses that were taken since the last sum */
    union {
        uint16_t of[MOST_EVENTS];
        uint64_t words[MOST_EVENTS / 4U + 1U];
    } events;
    flash_t flash;
    pipeline_t pipeline;
    counts_t counts; /* without those that were taken since */
    trace_describe_t describe;
    trace_on_mark_t on_mark;
    range_t mark[TRACE_MOST_MARKS];
    uint32_t marks;
    uint32_t marked_count; /* accesses of this block to marked addresses */
    uint32_t marked_event[TRACE_MOST_ACCESSES];
    access_t marked[TRACE_MOST_ACCESSES];
} trace;

static facts_t facts;
static course_t nothing; /* before all courses */

void trace_start(const facts_t *given, trace_describe_t describe, trace_on_mark_t on_mark) {
    facts = *given;
    trace.describe = describe;
    trace.on_mark = on_mark;
    trace.last = &nothing;
    flash_start(&trace.flash, &facts);
}

bool trace_mark(range_t mark) {
    if (trace.marks == TRACE_MOST_MARKS) {
        return false;
    }
    trace.mark[trace.marks++] = mark;
    return true;
}

trace_block_t *trace_new_block(uint32_t count) {
    if (count > TRACE_MOST_INSTRUCTIONS) {
        return NULL;
    }
    trace_block_t *const block = calloc(1, sizeof *block + count * sizeof block->instructions[0]);
    if (block != NULL) {
        block->count = count;
    }
    return block;
}

trace_instruction_t *trace_fill(trace_block_t *block, uint32_t index, instruction_t instruction) {
    trace_instruction_t *const own = &block->instructions[index];
    own->block = block;
    own->index = index;
    own->instruction = instruction;
    return own;
}

counts_t trace_counts(void) {
    while (trace.counted != NULL) {
        course_t *const own = trace.counted;
        trace.counts = counts_sum(&trace.counts, &own->counts, own->times);
        own->times = 0;
        trace.counted = own->next_counted;
    }
    return trace.counts;
}

/* Reports the accesses to marked addresses among the events from `first` on. */
static void report_marks(uint32_t first, uint32_t end) {
    for (uint32_t i = 0; i < trace.marked_count; i++) {
        if (trace.marked_event[i] >= first && trace.marked_event[i] < end) {
            const counts_t before = trace_counts();
            const counts_t since = pipeline_counts(&trace.pipeline);
            const counts_t counts = counts_sum(&before, &since, 1);
            trace.on_mark(&trace.marked[i], &counts);
        }
    }
}

/* Words that a block fetches. */
typedef struct {
    uint32_t first;
    uint32_t last;
} words_t;

static words_t words_of(const trace_block_t *block, uint32_t end) {
    const instruction_t *const last = &block->instructions[end - 1U].instruction;
    const uint32_t start = block->instructions[0].instruction.address & ~3U;
    return (words_t){start + trace.state->times.next_word,
                     (last->address + last->bytes - 1U) & ~3U};
}

/* Fetches the words of the block, which lies in flash or not; gives the number of all events. */
static uint32_t add_fetches(void) {
    flash_t *const flash = &trace.flash;
    uint32_t events = trace.accesses;
    const words_t words = words_of(trace.block, trace.end);
    const uint32_t first = words.first >> flash->line_shift;
    const uint32_t last = words.last >> flash->line_shift;
    if ((int32_t)(words.last - words.first) < 0 || !flash_holds(flash, words.first)) {
        return events;
    }
    return events +
           flash_fetch(flash, &trace.block->fetched, first, last, &trace.events.of[events]);
}

/* Gives the pipeline the fetch of each word, from the events. */
static void set_fetches(uint32_t events) {
    static uint8_t fetches[MOST_WORDS];
    const words_t words = words_of(trace.block, trace.end);
    const unsigned shift = trace.flash.line_shift;
    memset(fetches, 0, sizeof fetches);
    for (uint32_t i = trace.accesses; i < events; i++) {
        const uint32_t line = (words.first >> shift) + (trace.events.of[i] >> FETCH_BITS);
        const uint32_t start = line << shift;
        const uint32_t word = start > words.first ? start : words.first;
        fetches[(word - words.first) / 4U] = trace.events.of[i] & FETCH_MASK;
    }
    trace.pipeline.fetches = fetches;
    trace.pipeline.first_word = words.first;
}

/* Executes the instructions of the block in the pipeline. */
static void execute(uint32_t events, uint32_t next) {
    pipeline_t *const pipeline = &trace.pipeline;
    const trace_instruction_t *const instructions = trace.block->instructions;
    uint32_t first = 0;
    pipeline_resume(pipeline, &trace.state->times, instructions[0].instruction.address);
    set_fetches(events);
    for (uint32_t i = 0; i < trace.end; i++) {
        const instruction_t *const own = &instructions[i].instruction;
        uint32_t end = first;
        while (end < trace.accesses && trace.events.of[end] >> ACCESS_BITS == i) {
            end++;
        }
        pipeline_execute(pipeline, own, &trace.events.of[first], end - first,
                         i + 1U < trace.end ? own->address + own->bytes : next);
        report_marks(first, end);
        first = end;
    }
}

/* Forgets what is known, but the state. */
RARELY static void forget(void) {
    const times_t times = trace.state->times;
    (void)trace_counts();
    nothing = (course_t){0};
    trace.last = &nothing;
    known_forget();
    trace.state = known_state(&times);
}

/* What the block takes. The pipeline executes it if that is not known, or for its marks. */
RARELY static course_t *course_of(const situation_t *situation) {
    course_t *course = known_find(situation, trace.events.words);
    if (course == NULL || trace.marked_count != 0U) {
        execute(situation->events, situation->next);
    }
    if (course == NULL) {
        const counts_t counts = pipeline_counts(&trace.pipeline);
        pipeline_settle(&trace.pipeline, situation->next);
        const state_t *const to = known_state(&trace.pipeline.times);
        course = known_add(situation, trace.events.words, to, &counts);
    }
    return course;
}

/* The same, quicker if one of two courses followed that followed the course before. */
static course_t *next_course(const situation_t *situation) {
    course_t **const then = trace.last->then;
    if (trace.marked_count == 0U) {
        if (then[0] != NULL && known_is(then[0], situation, trace.events.words)) {
            return then[0];
        }
        course_t *const other = then[1];
        then[1] = then[0];
        then[0] = other != NULL && known_is(other, situation, trace.events.words)
                      ? other
                      : course_of(situation);
        return then[0];
    }
    return course_of(situation);
}

static void leave(uint32_t next) {
    const uint32_t events = add_fetches();
    const situation_t situation = {trace.block, trace.state,    next,
                                   trace.end,   trace.accesses, events};
    memset(&trace.events.of[events], 0, 3U * sizeof trace.events.of[0]);
    course_t *const course = next_course(&situation);
    __builtin_prefetch(course->then[0] == NULL ? NULL : &course->then[0]->situation);
    if (course->times++ == 0U) {
        course->next_counted = trace.counted;
        trace.counted = course;
    }
    trace.last = course;
    trace.state = course->to;
    trace.accesses = 0;
    trace.marked_count = 0;
    if (known_is_full()) {
        forget();
    }
}

void trace_enter(unsigned cpu, void *entered) {
    (void)cpu;
    trace_block_t *const block = entered;
    const uint32_t address = block->instructions[0].instruction.address;
    if (trace.block != NULL) {
        leave(address);
    } else {
        pipeline_start(&trace.pipeline, &facts, address);
        pipeline_settle(&trace.pipeline, address);
        trace.state = known_state(&trace.pipeline.times);
    }
    trace.block = block;
    trace.end = block->count;
}

static uint32_t index_at(const trace_block_t *block, uint32_t address) {
    uint32_t index = 0;
    while (index < block->count && block->instructions[index].instruction.address != address) {
        index++;
    }
    return index;
}

/* An access that is not like the last one of its instruction. */
RARELY static void access_anew(trace_instruction_t *by, uint32_t how, uint32_t address) {
    if (trace.block == NULL || trace.accesses == TRACE_MOST_ACCESSES) {
        return;
    }
    uint32_t index = by->index;
    if (by->block != trace.block) {
        index = index_at(trace.block, by->instruction.address);
        if (index == trace.block->count) {
            return;
        }
        trace.end = index + 1U;
    }
    access_t access = trace.describe(how);
    access.address = address;
    uint32_t event = event_of(&facts, &access, index);
    if (!access.is_store && flash_holds(&trace.flash, address) &&
        flash_load(&trace.flash, address)) {
        event |= ACCESS_WAITS;
    }
    if (event_in(trace.mark, trace.marks, address)) {
        trace.marked_event[trace.marked_count] = trace.accesses;
        trace.marked[trace.marked_count++] = access;
    } else if ((event & (ACCESS_HALF | ACCESS_ODD)) == 0U) {
        by->how = how;
        by->alike = event_range(&facts, trace.mark, trace.marks, address);
        by->inside = access.bytes <= 4U ? access.bytes - 1U : 0U;
        by->reads_flash = !access.is_store && flash_holds(&trace.flash, address);
        by->event = event_of(&facts, &access, by->index);
    }
    trace.events.of[trace.accesses++] = (uint16_t)event;
}

/* An access to flash that is like the last one of its instruction, but for the line. */
RARELY static void load_line(const trace_instruction_t *by, uint32_t line) {
    const bool waits = flash_load_line(&trace.flash, line);
    trace.events.of[trace.accesses++] = (uint16_t)(by->event | (waits ? ACCESS_WAITS : 0U));
}

void trace_access(unsigned cpu, uint32_t how, uint64_t address, void *instruction) {
    (void)cpu;
    trace_instruction_t *const by = instruction;
    const uint32_t at = (uint32_t)address;
    if (by->block != trace.block || by->how != how || at - by->alike.origin >= by->alike.bytes ||
        (at & by->inside) != 0U || trace.accesses == TRACE_MOST_ACCESSES) {
        access_anew(by, how, at);
        return;
    }
    if (by->reads_flash && at >> trace.flash.line_shift != trace.flash.loaded) {
        load_line(by, at >> trace.flash.line_shift);
        return;
    }
    trace.events.of[trace.accesses++] = by->event;
}
