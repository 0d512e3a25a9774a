/**
 * What differs among Arm's images of the MPS2: this is AN505. Takes the place of the file of the
 * same name in firmware/board/mps2.
 *
 * Sources: DAI 0505, "Memory map"; sysclk_frq in QEMU's hw/arm/mps2-tz.c.
 */
#ifndef MPS2_IMAGE_H
#define MPS2_IMAGE_H

#define CORE_HZ 20000000U
#define UART0 0x50200000U /* for secure code, as which the core starts */

#endif
