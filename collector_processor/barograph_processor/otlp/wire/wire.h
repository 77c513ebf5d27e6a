/* Spans on the wire, found and read by compiled code where an installation has it.
 *
 * Four functions of Python's, each the equal of one that is written in Python: `spans` and
 * `fields` of walk.py and gathered.py, `distinct` of distinct.py, `numbers` of
 * attribute_values.py. What they do not know they answer with None or False, and the Python
 * way goes on from there. None of them trusts a byte: every place is compared with the end of its
 * message before it is read.
 *
 * Only Python's stable interface is used, with its buffer protocol, and no header of numpy.
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

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* Lengths are read up to here: more than a part of a request is never read at once. */
#define LONGEST_LENGTH 4

PyObject *wire_spans(PyObject *module, PyObject *arguments);
PyObject *wire_fields(PyObject *module, PyObject *arguments);
PyObject *wire_distinct(PyObject *module, PyObject *arguments);
PyObject *wire_numbers(PyObject *module, PyObject *arguments);

/* Return the length at a place and go behind it; -1 if it is none, or ends behind `stop`. */
static inline Py_ssize_t
length_at(const uint8_t *data, Py_ssize_t *at, Py_ssize_t stop)
{
    Py_ssize_t size = 0;
    for (int place = 0; place < LONGEST_LENGTH && *at < stop; place++) {
        uint8_t byte = data[(*at)++];
        size |= (Py_ssize_t)(byte & 0x7F) << (7 * place);
        if (byte < 0x80) {
            return size <= stop - *at ? size : -1;
        }
    }
    return -1;
}

/* Return eight bytes as a word, the first the lowest. */
static inline uint64_t
little_word(const uint8_t *at)
{
    uint64_t word = 0;
    for (int byte = 0; byte < 8; byte++) {
        word |= (uint64_t)at[byte] << (8 * byte);
    }
    return word;
}

/* Return eight bytes as a word, the first the highest. */
static inline uint64_t
big_word(const uint8_t *at)
{
    uint64_t word = 0;
    for (int byte = 0; byte < 8; byte++) {
        word = word << 8 | at[byte];
    }
    return word;
}

/* Whether all of a stretch is in data of so many bytes. */
static inline int
is_stretch(int64_t start, int64_t stop, Py_ssize_t size)
{
    return start >= 0 && start <= stop && stop <= size;
}

#endif
