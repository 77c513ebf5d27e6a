/* Requests of spans, read by compiled code where an installation has it.
 *
 * One function of Python's, `read`: the equal of walked.py, which is written with numpy. What it
 * does not know it answers with None, and the plain way reads the request. It trusts no byte:
 * every place is compared with the end of its message before it is read.
 *
 * Only Python's stable interface is used, and no header of numpy. What returns an int returns
 * USUAL, UNUSUAL, or FAILED where Python has an exception to raise.
 */

#ifndef BAROGRAPH_WIRE_H
#define BAROGRAPH_WIRE_H

#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(Py_ssize_t) == sizeof(int64_t), "offsets are of 64 bits");

enum { USUAL = 0, FAILED = -1, UNUSUAL = -2 };

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

#define LONGEST_VARINT 10
/* Lengths are read up to here: more than a part of a request is never read at once. */
#define LONGEST_LENGTH 4

PyObject *wire_read(PyObject *module, PyObject *arguments);

/* Return the length at a place and go behind it; -1 if it is none, or ends behind `stop`. */
static inline Py_ssize_t
length_at(const uint8_t **at, const uint8_t *stop)
{
    Py_ssize_t size = 0;
    for (int place = 0; place < LONGEST_LENGTH && *at < stop; place++) {
        uint8_t byte = *(*at)++;
        size |= (Py_ssize_t)(byte & 0x7F) << (7 * place);
        if (byte < 0x80) {
            return size <= stop - *at ? size : -1;
        }
    }
    return -1;
}

/* Read a varint of at most 64 bits and go behind it; whether it is one. */
static inline int
varint_at(const uint8_t **at, const uint8_t *stop, uint64_t *word)
{
    *word = 0;
    for (int place = 0; place < LONGEST_VARINT && *at < stop; place++) {
        uint8_t byte = *(*at)++;
        *word |= (uint64_t)(byte & 0x7F) << (7 * place);
        if (byte < 0x80) {
            return 1;
        }
    }
    return 0;
}

/* Return four bytes as a number, the first the lowest. Written out, it is one load. */
static inline uint32_t
little_half(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Return eight bytes as a word, the first the lowest. */
static inline uint64_t
little_word(const uint8_t *at)
{
    return little_half(at) | (uint64_t)little_half(at + 4) << 32;
}

/* Return eight bytes as a word, the first the highest. */
static inline uint64_t
big_word(const uint8_t *at)
{
    return (uint64_t)at[7] | (uint64_t)at[6] << 8 | (uint64_t)at[5] << 16 | (uint64_t)at[4] << 24 |
           (uint64_t)at[3] << 32 | (uint64_t)at[2] << 40 | (uint64_t)at[1] << 48 |
           (uint64_t)at[0] << 56;
}

#endif
