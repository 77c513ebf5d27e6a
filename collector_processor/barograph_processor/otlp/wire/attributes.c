#include "attributes.h"

/* Columns of 512 rows would be pages apart, and a cache keeps few lines that are: behind
   columns of such lengths one line is left out. In numbers of 8 bytes. */
#define PAGES_APART 64
#define LINE 8

int
attributes_begin(Attributes *attributes, const uint8_t *data)
{
    memset(attributes, 0, sizeof(*attributes));
    attributes->data = data;
    attributes->room = 1024;
    attributes->all = malloc((size_t)attributes->room * sizeof(Attribute));
    return index_begin(&attributes->keys, data) && attributes->all;
}

void
attributes_end(Attributes *attributes)
{
    index_end(&attributes->keys);
    free(attributes->all);
    free(attributes->last_row);
}

int
attributes_note(Attributes *attributes, Py_ssize_t row, int nth, Py_ssize_t start, Py_ssize_t stop)
{
    const uint8_t *data = attributes->data;
    /* Its key: a tag, a length of one byte, itself. */
    if (stop - start < 2 || data[start] != 0x0A || data[start + 1] >= 0x80) {
        return UNUSUAL;
    }
    Py_ssize_t size = 2 + data[start + 1];
    if (size > stop - start) {
        return UNUSUAL;
    }
    Py_ssize_t key = attributes->guess[nth];
    if (key >= attributes->keys.count || !index_is(&attributes->keys, key, start, size)) {
        key = index_number(&attributes->keys, start, size);
        if (key < 0) {
            return NO_MEMORY;
        }
        attributes->guess[nth] = (uint32_t)key;
    }
    if (key >= attributes->last_room) {
        Py_ssize_t room = attributes->keys.room;
        int64_t *rows = realloc(attributes->last_row, (size_t)room * sizeof(int64_t));
        if (rows == NULL) {
            return NO_MEMORY;
        }
        memset(rows + attributes->last_room, 0xFF,
               (size_t)(room - attributes->last_room) * sizeof(int64_t));
        attributes->last_row = rows;
        attributes->last_room = room;
    }
    if (attributes->last_row[key] == row) {
        return UNUSUAL;
    }
    attributes->last_row[key] = row;
    if (attributes->count == attributes->room) {
        Py_ssize_t room = 2 * attributes->room;
        Attribute *all = realloc(attributes->all, (size_t)room * sizeof(Attribute));
        if (all == NULL) {
            return NO_MEMORY;
        }
        attributes->all = all;
        attributes->room = room;
    }
    attributes->all[attributes->count++] =
        (Attribute){(uint32_t)row, (uint32_t)(start + size), (uint32_t)stop, (uint32_t)key};
    return USUAL;
}

PyObject *
attributes_by_key(const Attributes *attributes)
{
    const Py_ssize_t count = attributes->count, keys = attributes->keys.count;
    PyObject *list = PyList_New(keys);
    Py_ssize_t *next = calloc((size_t)keys + 1, sizeof(Py_ssize_t));
    if (list == NULL || next == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_NoMemory();
        }
        goto failed;
    }
    for (Py_ssize_t at = 0; at < count; at++) {
        next[attributes->all[at].key]++;
    }
    Py_ssize_t room = 0;
    for (Py_ssize_t key = 0; key < keys; key++) {
        const Stretch *known = &attributes->keys.known[key];
        Py_ssize_t begin = room, end = begin + next[key];
        PyObject *item = Py_BuildValue("(y#nn)", (const char *)attributes->data + known->start,
                                       known->size, begin, end);
        if (item == NULL || PyList_SetItem(list, key, item) < 0) {
            goto failed;
        }
        room = next[key] % PAGES_APART ? end : end + LINE;
        next[key] = begin;
    }
    PyObject *table = PyByteArray_FromStringAndSize(NULL, 3 * room * (Py_ssize_t)sizeof(int64_t));
    if (table == NULL) {
        goto failed;
    }
    int64_t *rows = (int64_t *)(void *)PyByteArray_AsString(table);
    int64_t *starts = rows + room, *stops = starts + room;
    for (Py_ssize_t at = 0; at < count; at++) {
        const Attribute *attribute = &attributes->all[at];
        Py_ssize_t place = next[attribute->key]++;
        rows[place] = attribute->row;
        starts[place] = attribute->start;
        stops[place] = attribute->stop;
    }
    free(next);
    return Py_BuildValue("(NN)", list, table);

failed:
    free(next);
    Py_XDECREF(list);
    return NULL;
}
