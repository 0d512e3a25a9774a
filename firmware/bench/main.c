#include "bench.h"
#include "board.h"

int main(void) {
    board_init();
    bench_run();
    return 0;
}
