#include "CSystemShims.h"

#include <string.h>

#if defined(__x86_64__)

#include <nmmintrin.h>

#define HARDWARE __attribute__((target("sse4.2")))
#define STEP_8(crc, word) ((uint32_t)_mm_crc32_u64((crc), (word)))
#define STEP_1(crc, byte) _mm_crc32_u8((crc), (byte))

static int has_hardware(void) {
    return __builtin_cpu_supports("sse4.2");
}

#elif defined(__aarch64__)

#include <arm_acle.h>

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

static int has_hardware(void) {
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}
#else
// Every Apple processor of this architecture has the instructions.
static int has_hardware(void) {
    return 1;
}
#endif

#define HARDWARE __attribute__((target("crc")))
#define STEP_8(crc, word) __crc32cd((crc), (word))
#define STEP_1(crc, byte) __crc32cb((crc), (byte))

#endif

#ifdef HARDWARE
HARDWARE static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        crc = STEP_8(crc, word);
    }
    for (; count > 0; bytes++, count--) {
        crc = STEP_1(crc, *bytes);
    }
    return crc;
}
#endif

// The CRC of each value of four bits, enough where no hardware helps.
static uint32_t crc32c_table(uint32_t crc, const uint8_t *bytes, size_t count) {
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    for (; count > 0; bytes++, count--) {
        crc ^= *bytes;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

uint32_t no_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    return ~crc32c_table(~crc, bytes, count);
}

uint32_t no_crc32c(uint32_t crc, const void *bytes, size_t count) {
#ifdef HARDWARE
    if (has_hardware()) {
        return ~crc32c_hardware(~crc, bytes, count);
    }
#endif
    return no_crc32c_portable(crc, bytes, count);
}
