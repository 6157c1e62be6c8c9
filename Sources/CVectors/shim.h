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

/// Writes a square of 8 × 8 numbers with rows and columns exchanged; rows are read `apart` and written `step` floats apart.
static inline __attribute__((always_inline)) void transpose_square8(const float *from, long apart, float *to, long step) {
    typedef float Unaligned __attribute__((ext_vector_type(8), aligned(4)));
    FloatVector8 rows[8], pairs[8], fours[8];
    for (int row = 0; row < 8; row++) rows[row] = *(const Unaligned *)(from + row * apart);
    for (int row = 0; row < 8; row += 2) {
        pairs[row] = __builtin_shufflevector(rows[row], rows[row + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pairs[row + 1] = __builtin_shufflevector(rows[row], rows[row + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int half = 0; half < 8; half += 4) {
        for (int pair = 0; pair < 2; pair++) {
            FloatVector8 upper = pairs[half + pair], lower = pairs[half + pair + 2];
            fours[half + 2 * pair] = __builtin_shufflevector(upper, lower, 0, 1, 8, 9, 4, 5, 12, 13);
            fours[half + 2 * pair + 1] = __builtin_shufflevector(upper, lower, 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int row = 0; row < 4; row++) {
        *(Unaligned *)(to + row * step) = __builtin_shufflevector(fours[row], fours[row + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(Unaligned *)(to + (row + 4) * step) = __builtin_shufflevector(fours[row], fours[row + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/// Asks for a cache line that will be needed.
static inline __attribute__((always_inline)) void prefetch_line(const float *line) { __builtin_prefetch(line); }
