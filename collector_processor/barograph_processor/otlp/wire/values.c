#include "values.h"

/* Tags of a KeyValue's value, and of what an AnyValue is. */
enum { VALUE_TAG = 0x12 };
enum { NO_TAG = 0, STRING_TAG = 0x0A, BOOL_TAG = 0x10, INT_TAG = 0x18, DOUBLE_TAG = 0x21 };

static double
double_at(const uint8_t *at)
{
    uint64_t word = little_word(at);
    double number;
    memcpy(&number, &word, sizeof(number));
    return number;
}

/* Go to what a value holds, and return the tag before it, NO_TAG if it is empty; else UNUSUAL. */
static int
tag_at(const uint8_t **at, const uint8_t *stop)
{
    if (*at == stop) {
        return NO_TAG;
    }
    uint64_t size;
    if (*(*at)++ != VALUE_TAG || !varint_at(at, stop, &size) || size != (uint64_t)(stop - *at)) {
        return UNUSUAL;
    }
    return size ? *(*at)++ : NO_TAG;
}

int
value_number(const uint8_t *at, Py_ssize_t size, double *number)
{
    const uint8_t *stop = at + size;
    uint64_t word;
    switch (tag_at(&at, stop)) {
    case DOUBLE_TAG:
        if (stop - at != 8) {
            return 0;
        }
        *number = double_at(at);
        return 1;
    case INT_TAG:
        if (!varint_at(&at, stop, &word) || at != stop) {
            return 0;
        }
        /* To the nearest double, as in Python. */
        *number = (double)(int64_t)word;
        return 1;
    default:
        return 0;
    }
}

static PyObject *
text_between(const uint8_t *at, const uint8_t *stop)
{
    PyObject *text = PyUnicode_DecodeUTF8((const char *)at, stop - at, NULL);
    if (text == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
    }
    return text;
}

PyObject *
value_cell(const uint8_t *at, Py_ssize_t size)
{
    const uint8_t *stop = at + size;
    uint64_t word;
    switch (tag_at(&at, stop)) {
    case NO_TAG:
        return at == stop ? Py_NewRef(Py_None) : NULL;
    case DOUBLE_TAG:
        return stop - at == 8 ? PyFloat_FromDouble(double_at(at)) : NULL;
    case STRING_TAG:
        if (!varint_at(&at, stop, &word) || word != (uint64_t)(stop - at)) {
            return NULL;
        }
        return text_between(at, stop);
    case BOOL_TAG:
        return varint_at(&at, stop, &word) && at == stop ? PyBool_FromLong(word != 0) : NULL;
    case INT_TAG:
        return varint_at(&at, stop, &word) && at == stop ? PyLong_FromLongLong((int64_t)word)
                                                         : NULL;
    default:
        return NULL;
    }
}
