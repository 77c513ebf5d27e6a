#include "columns.h"
#include "values.h"

/* What is made of a column's values. `way_of` returns the first three. */
enum {
    PASS_OVER = 0,
    NUMBERS = 1, /* numbers if all are, else cells */
    CELLS = 2,
    TEXTS,  /* bytes as they are */
    TURNED, /* behind numbers came something else */
    DONE,
};

/* Columns of 512 rows would be pages apart, and a cache keeps few lines that are: behind
   columns of such lengths one line is left out. In numbers of 8 bytes. */
#define PAGES_APART 64
#define LINE 8

typedef struct {
    long way;
    Py_ssize_t place;
    Py_ssize_t rows;
    Py_ssize_t filled;
    Py_ssize_t last; /* number of the value before */
    PyObject *key;   /* NULL where it is passed over */
    PyObject *cells; /* or texts, by code; NULL while there are none */
} Column;

typedef struct {
    const Spans *spans;
    Column *all;
    Py_ssize_t count;
    Index values;
    PyObject *table;
    PyObject *rows;
} Columns;

/* Ask what is to be made of each key, and give its values a place. */
static int
lay_out(Columns *columns, PyObject *way_of)
{
    const Attributes *attributes = &columns->spans->attributes;
    Py_ssize_t room = 0, rows_room = 0;
    for (Py_ssize_t key = 0; key < columns->count; key++) {
        Column *column = &columns->all[key];
        const Stretch *known = &attributes->keys.known[key];
        const Py_ssize_t count = attributes->uses[key].count;
        column->key = PyBytes_FromStringAndSize((const char *)known->start, known->size);
        if (column->key == NULL) {
            return FAILED;
        }
        column->way = TEXTS;
        if (key >= FIRST_KEY) {
            PyObject *way = PyObject_CallFunctionObjArgs(way_of, column->key, NULL);
            column->way = way ? PyLong_AsLong(way) : FAILED;
            Py_XDECREF(way);
            if (column->way < PASS_OVER) {
                return FAILED;
            }
        }
        if (column->way == PASS_OVER) {
            continue;
        }
        column->place = room;
        room += count % PAGES_APART ? count : count + LINE;
        column->rows = -1;
        if (count < columns->spans->count) {
            column->rows = rows_room;
            rows_room += count;
        }
    }
    const Py_ssize_t word = (Py_ssize_t)sizeof(int64_t);
    columns->table = PyByteArray_FromStringAndSize(NULL, room * word);
    columns->rows = PyByteArray_FromStringAndSize(NULL, rows_room * word);
    return columns->table && columns->rows ? USUAL : FAILED;
}

/* Find the value of an attribute among those of its column, as the last of it. */
static int
find(Columns *columns, Column *column, const Attribute *attribute)
{
    Index *values = &columns->values;
    /* Many are what the one before them was. */
    if (column->filled &&
        index_is(values, column->last, attribute->key, attribute->start, attribute->size)) {
        return USUAL;
    }
    const Py_ssize_t before = values->count;
    column->last = index_number(values, attribute->key, attribute->start, attribute->size);
    if (column->last < 0) {
        return FAILED;
    }
    if (values->count > before) {
        PyObject *cell =
            column->way == TEXTS
                ? PyBytes_FromStringAndSize((const char *)attribute->start, attribute->size)
                : value_cell(attribute->start, attribute->size);
        if (cell == NULL) {
            return PyErr_Occurred() ? FAILED : UNUSUAL;
        }
        if (column->cells == NULL) {
            column->cells = PyList_New(0);
        }
        int told = column->cells ? PyList_Append(column->cells, cell) : FAILED;
        Py_DECREF(cell);
        if (told != USUAL) {
            return FAILED;
        }
        values->known[column->last].code = (uint32_t)PyList_Size(column->cells) - 1;
    }
    return USUAL;
}

/* Fill the columns that are not done, in one walk over all attributes. */
static int
fill(Columns *columns)
{
    const Spans *spans = columns->spans;
    double *table = (double *)(void *)PyByteArray_AsString(columns->table);
    int64_t *rows = (int64_t *)(void *)PyByteArray_AsString(columns->rows);
    const Attribute *attribute = spans->attributes.all;
    for (Py_ssize_t row = 0; row < spans->count; row++) {
        const Attribute *end = spans->attributes.all + spans->all[row].attributes;
        for (; attribute < end; attribute++) {
            Column *column = &columns->all[attribute->key];
            double *values = table + column->place;
            if (column->way == NUMBERS &&
                !value_number(attribute->start, attribute->size, values + column->filled)) {
                column->way = column->filled ? TURNED : CELLS;
            }
            if (column->way == CELLS || column->way == TEXTS) {
                int told = find(columns, column, attribute);
                if (told != USUAL) {
                    return told;
                }
                int32_t *codes = (int32_t *)(void *)values;
                codes[column->filled] = (int32_t)columns->values.known[column->last].code;
            } else if (column->way != NUMBERS) {
                continue;
            }
            if (column->rows >= 0) {
                rows[column->rows + column->filled] = row;
            }
            column->filled++;
        }
    }
    return USUAL;
}

/* Take up again what turned out to be no numbers only; whether there is any. */
static int
take_up(Columns *columns)
{
    int any = 0;
    for (Py_ssize_t key = 0; key < columns->count; key++) {
        Column *column = &columns->all[key];
        if (column->way == TURNED) {
            column->way = CELLS;
            column->filled = 0;
            any = 1;
        } else {
            column->way = DONE;
        }
    }
    return any;
}

static PyObject *
columns_found(const Columns *columns)
{
    PyObject *found = PyList_New(0);
    for (Py_ssize_t key = 0; found && key < columns->count; key++) {
        const Column *column = &columns->all[key];
        if (column->filled == 0 && key >= FIRST_KEY) {
            continue;
        }
        PyObject *one = Py_BuildValue("(OnnnO)", column->key, column->place, column->filled,
                                      column->rows, column->cells ? column->cells : Py_None);
        if (one == NULL || PyList_Append(found, one) < 0) {
            Py_CLEAR(found);
        }
        Py_XDECREF(one);
    }
    return found ? Py_BuildValue("(NOO)", found, columns->table, columns->rows) : NULL;
}

PyObject *
columns_read(const Spans *spans, PyObject *way_of, int *told)
{
    Columns columns = {.spans = spans, .count = spans->attributes.keys.count};
    PyObject *found = NULL;
    columns.all = calloc((size_t)columns.count, sizeof(Column));
    if (columns.all == NULL) {
        PyErr_NoMemory();
        *told = FAILED;
        return NULL;
    }
    *told = index_begin(&columns.values);
    if (*told == USUAL) {
        *told = lay_out(&columns, way_of);
    }
    if (*told == USUAL) {
        do {
            *told = fill(&columns);
        } while (*told == USUAL && take_up(&columns));
    }
    if (*told == USUAL) {
        found = columns_found(&columns);
        *told = found ? USUAL : FAILED;
    }
    index_end(&columns.values);
    for (Py_ssize_t key = 0; key < columns.count; key++) {
        Py_XDECREF(columns.all[key].key);
        Py_XDECREF(columns.all[key].cells);
    }
    free(columns.all);
    Py_XDECREF(columns.table);
    Py_XDECREF(columns.rows);
    return found;
}
