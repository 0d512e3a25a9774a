/*
 * Whether kernels use the DSP instructions of the core. Without optimisation they do not: a
 * compiler then keeps registers for itself that the assembly needs. Both ways give the same bits.
 */
#ifndef NN_DSP_H
#define NN_DSP_H

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
#define NN_HAS_DSP 1
#else
#define NN_HAS_DSP 0
#endif

/* Hides from the compiler how an index came about. Otherwise it makes a pointer of its own for each
 * array that is indexed, which takes a load and a store from the stack in each round. */
#if NN_HAS_DSP
#define NN_KEEP_INDEX(index) __asm("" : "+r"(index))
#else
#define NN_KEEP_INDEX(index) ((void)(index))
#endif

#endif
