/* The values of many attributes of one key; all stretches begin behind the key. */

#include "index.h"

#define HEADER 3 /* a tag, a length, the type's tag */
#define DOUBLE_BYTES (HEADER + 8)
#define LONGEST_WHOLE_NUMBER 8

PyObject *
wire_distinct(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    Py_buffer data, start, stop, codes;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*", &data, &start, &stop, &codes)) {
        return NULL;
    }
    const Py_ssize_t n = start.len / (Py_ssize_t)sizeof(int64_t);
    const int64_t *starts = start.buf, *stops = stop.buf;
    int32_t *numbers = codes.buf;
    Index index = {0};
    Py_ssize_t *firsts = NULL;
    if (stop.len != start.len || codes.len != n * (Py_ssize_t)sizeof(int32_t)) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        goto done;
    }
    firsts = malloc((size_t)(n + 1) * sizeof(Py_ssize_t));
    if (firsts == NULL || !index_begin(&index, data.buf)) {
        PyErr_NoMemory();
        goto done;
    }
    Py_ssize_t number = 0;
    for (Py_ssize_t row = 0; row < n; row++) {
        if (!is_stretch(starts[row], stops[row], data.len)) {
            PyErr_SetString(PyExc_ValueError, "a stretch that is not of the data");
            goto done;
        }
        Py_ssize_t at = (Py_ssize_t)starts[row], size = (Py_ssize_t)stops[row] - at;
        /* Most are what the one before them was. */
        if (row == 0 || !index_is(&index, number, at, size)) {
            Py_ssize_t before = index.count;
            number = index_number(&index, at, size);
            if (number == NO_MEMORY) {
                PyErr_NoMemory();
                goto done;
            }
            if (index.count > before) {
                firsts[number] = row;
            }
        }
        numbers[row] = (int32_t)number;
    }
    result = PyByteArray_FromStringAndSize((const char *)firsts,
                                           index.count * (Py_ssize_t)sizeof(Py_ssize_t));
done:
    free(firsts);
    index_end(&index);
    PyBuffer_Release(&data);
    PyBuffer_Release(&start);
    PyBuffer_Release(&stop);
    PyBuffer_Release(&codes);
    return result;
}

static int
read_doubles(const uint8_t *data, const int64_t *starts, Py_ssize_t n, double *values)
{
    for (Py_ssize_t row = 0; row < n; row++) {
        const uint8_t *at = data + starts[row];
        if (at[0] != 0x12 || at[1] != 9 || at[2] != 0x21) {
            return 0;
        }
        uint64_t word = little_word(at + HEADER);
        memcpy(&values[row], &word, 8);
    }
    return 1;
}

/* Whole numbers of at most eight bytes, below 2**56; to the nearest double, as in Python. */
static int
read_integers(const uint8_t *data, const int64_t *starts, const int64_t *stops, Py_ssize_t n,
              double *values)
{
    for (Py_ssize_t row = 0; row < n; row++) {
        const uint8_t *at = data + starts[row];
        Py_ssize_t size = (Py_ssize_t)(stops[row] - starts[row]) - HEADER;
        if (size < 1 || size > LONGEST_WHOLE_NUMBER || at[0] != 0x12 || at[1] != size + 1 ||
            at[2] != 0x18) {
            return 0;
        }
        uint64_t value = 0;
        for (Py_ssize_t byte = 0; byte < size; byte++) {
            uint8_t seven = at[HEADER + byte];
            if ((seven >= 0x80) != (byte < size - 1)) {
                return 0;
            }
            value |= (uint64_t)(seven & 0x7F) << (7 * byte);
        }
        values[row] = (double)value;
    }
    return 1;
}

PyObject *
wire_numbers(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    Py_buffer data, start, stop, values;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*", &data, &start, &stop, &values)) {
        return NULL;
    }
    const Py_ssize_t n = start.len / (Py_ssize_t)sizeof(int64_t);
    const int64_t *starts = start.buf, *stops = stop.buf;
    if (stop.len != start.len || values.len != start.len) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        goto done;
    }
    int doubles = 1;
    for (Py_ssize_t row = 0; row < n; row++) {
        if (!is_stretch(starts[row], stops[row], data.len)) {
            PyErr_SetString(PyExc_ValueError, "a stretch that is not of the data");
            goto done;
        }
        doubles &= stops[row] - starts[row] == DOUBLE_BYTES;
    }
    int read = (doubles && read_doubles(data.buf, starts, n, values.buf)) ||
               read_integers(data.buf, starts, stops, n, values.buf);
    result = PyBool_FromLong(read);
done:
    PyBuffer_Release(&data);
    PyBuffer_Release(&start);
    PyBuffer_Release(&stop);
    PyBuffer_Release(&values);
    return result;
}
