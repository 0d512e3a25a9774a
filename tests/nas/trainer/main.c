#include "checks.h"

int main(void) {
    check_arrays();
    check_rows();
    check_gradients();
    return 0;
}
