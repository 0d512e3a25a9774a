/**
 * What differs among Arm's images of the MPS2: these are AN385, AN386 and AN500.
 *
 * Sources: "Memory map" of DAI 0385, DAI 0386 and DAI 0500; SYSCLK_FRQ in QEMU's hw/arm/mps2.c.
 */
#ifndef MPS2_IMAGE_H
#define MPS2_IMAGE_H

#define CORE_HZ 25000000U
#define UART0 0x40004000U

#endif
