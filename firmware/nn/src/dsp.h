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

#endif
