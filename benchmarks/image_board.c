/* The peripherals of an STM32L4R5, as far as the firmware images of benchmarks/image_cycles.py need
 * them. The MPU forbids all accesses to peripherals; the fault handler executes them instead. It
 * keeps what was stored, says that clocks are ready, and connects the UART to commands that were
 * compiled in and to semihosting. Addresses: RM0432, section 2.2, and the chapters of the blocks.
 */

#include <stdbool.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define TICK_COUNTER 0xE000E018U
#define FAULT_STATUS 0xE000ED28U
#define FAULT_ADDRESS 0xE000ED34U
#define MPU_CONTROL 0xE000ED94U
#define MPU_BASE 0xE000ED9CU
#define MPU_SIZE 0xE000EDA0U
#define SET_PENDING 0xE000E200U
#define RCC_CR 0x40021000U
#define RCC_CFGR 0x40021008U
#define RCC_BDCR 0x40021090U
#define RCC_CSR 0x40021094U
#define RCC_CRRCR 0x40021098U
#define FLASH_ACR 0x40022000U
#define LPUART1_CR1 0x40008000U
#define LPUART1_ISR 0x4000801CU
#define LPUART1_RDR 0x40008024U
#define LPUART1_TDR 0x40008028U
#define USART3_ISR 0x4000481CU
#define TIM5_CNT 0x40000C24U
#define LPUART1_INTERRUPT 70U
#define MOST_REGISTERS 256U
#define RETURN_ADDRESS 14U /* index in the registers of a fault */
#define STATUS 15U

extern const uint32_t image_reset;
extern void (*const image_tick)(void);
static const char commands[] = COMMANDS;
static struct {
    uint32_t address[MOST_REGISTERS];
    uint32_t value[MOST_REGISTERS];
    uint32_t count;
    uint32_t sent;    /* characters of the commands */
    uint32_t ended;   /* commands that were sent */
    uint32_t prompts; /* times that the image was ready for a command */
    uint32_t quiet;   /* ticks since the last access to a peripheral */
    uint64_t printed; /* the last eight characters */
} board;

void fault(uint32_t *registers);
void tick(void);
uint32_t prepare(void);
void trap(void);
void start(void);

static void host(uint32_t operation, uint32_t argument) {
    register uint32_t r0 __asm("r0") = operation;
    register uint32_t r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void print(char character) { host(3, (uint32_t)&character); } /* SYS_WRITEC */

/* Ends QEMU: SYS_EXIT, "application exit" or "run-time error". */
static void leave(bool is_well) { host(0x18, is_well ? 0x20026U : 0x20023U); }

static uint32_t *slot(uint32_t address) {
    for (uint32_t i = 0; i < board.count; i++) {
        if (board.address[i] == address) {
            return &board.value[i];
        }
    }
    if (board.count == MOST_REGISTERS) {
        leave(false);
    }
    board.address[board.count] = address;
    return &board.value[board.count++];
}

static bool has_input(void) {
    return board.sent + 1U < sizeof commands && board.ended < board.prompts;
}

static uint32_t receive(void) {
    if (!has_input()) {
        return 0;
    }
    const char next = commands[board.sent++];
    board.ended += next == '%';
    return (uint8_t)next;
}

static uint32_t load(uint32_t address) {
    const uint32_t value = *slot(address);
    switch (address) {
    case RCC_CR: /* each oscillator and PLL that is on is ready */
        return value | (value & 0x15010001U) << 1 | (value & 0x100U) << 2;
    case RCC_CFGR: /* the clock is the one that was chosen */
        return (value & ~0xCU) | (value & 3U) << 2;
    case RCC_BDCR:
    case RCC_CSR:
    case RCC_CRRCR:
        return value | (value & 1U) << 1;
    case LPUART1_ISR: /* enabled, and everything is sent */
        return 0x006000C0U | (has_input() ? 0x20U : 0U);
    case USART3_ISR:
        return 0x006000C0U;
    case LPUART1_RDR:
        return receive();
    case TIM5_CNT: /* the image takes the time: a mark in the log of the cycle model */
        return REGISTER(TICK_COUNTER);
    default:
        return value;
    }
}

static void transmit(char character) {
    print(character);
    board.printed = board.printed << 8 | (uint8_t)character;
    if ((board.printed & 0xFFFFFFFFFFULL) == 0x7265616479ULL && board.prompts++ == PROMPTS) {
        for (unsigned shift = 32; shift != 0U; shift -= 4U) { /* "ready": how flash is read */
            print("0123456789abcdef"[*slot(FLASH_ACR) >> (shift - 4U) & 15U]);
        }
        leave(true);
    }
}

static void store(uint32_t address, uint32_t value) {
    *slot(address) = value;
    if (address == LPUART1_TDR) {
        transmit((char)value);
    }
}

/* The conditions of an IT block move on by one instruction: ARM DDI 0403, A7.3.3. */
static uint32_t advanced(uint32_t status) {
    const uint32_t it = (status >> 25 & 3U) | (status >> 8 & 0xFCU);
    const uint32_t next = (it & 7U) == 0U ? 0U : (it & 0xE0U) | (it << 1 & 0x1FU);
    return (status & ~0x0600FC00U) | (next & 3U) << 25 | (next & 0xFCU) << 8;
}

/* A load or store of `bytes` bytes that one instruction makes. */
static void access(uint32_t *data, bool is_load, uint32_t bytes, uint32_t address) {
    const uint32_t word = address & ~3U;
    const uint32_t shift = 8U * (address & 3U);
    const uint32_t mask = bytes == 4U ? 0xFFFFFFFFU : (1U << 8U * bytes) - 1U;
    if (is_load) {
        *data = load(word) >> shift & mask;
    } else {
        const uint32_t kept = bytes == 4U ? 0U : *slot(word) & ~(mask << shift);
        store(word, kept | (*data & mask) << shift);
    }
}

/* Executes the load or store at which the fault occurred: ARM DDI 0403, A5.2 and A5.3. In images,
 * STREX is replaced by STRD, which has the same fields; its second register is the result. */
void fault(uint32_t *registers) {
    static const uint8_t place[16] = {8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 12, 16, 13, 14};
    static const uint8_t by_register_bytes[8] = {4, 2, 1, 1, 4, 2, 1, 2};
    const uint32_t pc = registers[RETURN_ADDRESS];
    const uint32_t address = REGISTER(FAULT_ADDRESS);
    const uint32_t first = *(const uint16_t *)pc;
    const uint32_t second = *(const uint16_t *)(pc + 2U);
    const uint32_t group = first >> 12;
    board.quiet = 0;
    if ((REGISTER(FAULT_STATUS) & 0x82U) != 0x82U || group < 5U || (group > 8U && group < 14U)) {
        leave(false);
    }
    REGISTER(FAULT_STATUS) = 0xFFU;
    if (group >= 14U) {
        const bool is_single = first >= 0xF800U;
        uint32_t *const data = &registers[place[second >> 12]];
        access(data, (first >> 4 & 1U) != 0U, is_single ? 1U << (first >> 5 & 3U) : 4U, address);
        if (!is_single && (first & 0xFFF0U) == 0xE9C0U) {
            registers[place[second >> 8 & 15U]] = 0;
        } else if (is_single && (first & 0x80U) == 0U && (second & 0x900U) == 0x900U) {
            const uint32_t offset = second & 0xFFU;
            registers[place[first & 15U]] += (second & 0x200U) != 0U ? offset : 0U - offset;
        }
    } else if (group == 5U) {
        const uint32_t what = first >> 9 & 7U;
        access(&registers[place[first & 7U]], what >= 3U, by_register_bytes[what], address);
    } else {
        const uint32_t bytes = group == 6U ? 4U : group == 7U ? 1U : 2U;
        access(&registers[place[first & 7U]], (first >> 11 & 1U) != 0U, bytes, address);
    }
    registers[RETURN_ADDRESS] = pc + (group >= 14U ? 4U : 2U);
    registers[STATUS] = advanced(registers[STATUS]);
}

/* A character arrives while the image waits, because it executes commands when they arrive. */
void tick(void) {
    if (++board.quiet >= 2U && has_input() && (*slot(LPUART1_CR1) & 0x20U) != 0U) {
        REGISTER(SET_PENDING + 4U * (LPUART1_INTERRUPT / 32U)) = 1U << LPUART1_INTERRUPT % 32U;
    }
    image_tick();
}

__attribute__((naked)) void trap(void) {
    __asm volatile("push {r4-r11}\n mov r0, sp\n mov r4, lr\n bl fault\n"
                   "mov lr, r4\n pop {r4-r11}\n bx lr");
}

uint32_t prepare(void) {
    for (uint32_t *own = (uint32_t *)&board; own < (uint32_t *)(&board + 1); own++) {
        *own = 0;
    }
    *slot(RCC_CR) = 0x61U; /* after reset */
    *slot(FLASH_ACR) = 0x600U;
    REGISTER(MPU_BASE) = 0x40000000U;
    REGISTER(MPU_SIZE) = 1U << 28 | 28U << 1 | 1U; /* 512 MiB, no access */
    REGISTER(MPU_CONTROL) = 5U;
    __asm volatile("dsb\n isb");
    return image_reset;
}

__attribute__((naked)) void start(void) { __asm volatile("bl prepare\n bx r0"); }
