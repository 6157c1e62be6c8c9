// Multiply and add for whole vectors in one instruction. Swift's own `addingProduct` goes lane by lane, and when LLVM has put the lanes
// together again, the sums of a product's inner loop no longer fit in AVX2's sixteen registers: half the speed.
typedef float FloatVector8 __attribute__((ext_vector_type(8)));
typedef float FloatVector16 __attribute__((ext_vector_type(16)));

/// a · b + c
static inline __attribute__((always_inline)) FloatVector8 multiply_add8(FloatVector8 a, FloatVector8 b, FloatVector8 c) {
    return __builtin_elementwise_fma(a, b, c);
}

/// a · b + c
static inline __attribute__((always_inline)) FloatVector16 multiply_add16(FloatVector16 a, FloatVector16 b, FloatVector16 c) {
    return __builtin_elementwise_fma(a, b, c);
}
