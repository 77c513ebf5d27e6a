/* The spans of a scope. */

#include "wire.h"

/* Tags of ScopeSpans, all of bytes. */
enum { SCOPE = 0x0A, SPANS = 0x12, SCHEMA_URL = 0x1A };
/* A span of 2 MiB is unusual. */
#define LONGEST_SPAN_LENGTH 3

PyObject *
wire_spans(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    Py_buffer data;
    Py_ssize_t at, stop;
    PyObject *result = NULL;
    int64_t *bounds = NULL;
    if (!PyArg_ParseTuple(arguments, "y*nn", &data, &at, &stop)) {
        return NULL;
    }
    if (at < 0 || stop < at || stop > data.len) {
        PyErr_SetString(PyExc_ValueError, "a stretch that is not of the data");
        goto done;
    }
    Py_ssize_t count = 0, room = 1024, url_start = at, url_stop = at;
    bounds = malloc((size_t)room * 2 * sizeof(int64_t));
    while (bounds && at < stop) {
        uint8_t tag = ((const uint8_t *)data.buf)[at++];
        Py_ssize_t before = at, size = length_at(data.buf, &at, stop);
        if (size < 0 || at - before > LONGEST_SPAN_LENGTH ||
            (tag != SPANS && tag != SCOPE && tag != SCHEMA_URL)) {
            result = Py_NewRef(Py_None);
            goto done;
        }
        if (tag == SPANS) {
            if (count == room) {
                room *= 2;
                int64_t *more = realloc(bounds, (size_t)room * 2 * sizeof(int64_t));
                if (more == NULL) {
                    free(bounds);
                }
                bounds = more;
            }
            if (bounds) {
                bounds[2 * count] = at;
                bounds[2 * count++ + 1] = at + size;
            }
        } else if (tag == SCHEMA_URL) {
            url_start = at;
            url_stop = at + size;
        }
        at += size;
    }
    if (bounds == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    PyObject *found = PyByteArray_FromStringAndSize((const char *)bounds,
                                                    2 * count * (Py_ssize_t)sizeof(int64_t));
    result = found ? Py_BuildValue("(Nnn)", found, url_start, url_stop) : NULL;
done:
    free(bounds);
    PyBuffer_Release(&data);
    return result;
}
