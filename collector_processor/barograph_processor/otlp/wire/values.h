/* The values of attributes: what lies behind a key. */

#ifndef BAROGRAPH_VALUES_H
#define BAROGRAPH_VALUES_H

#include "wire.h"

/* Read a number, whole or not, but no bool; whether it is one. */
int value_number(const uint8_t *at, Py_ssize_t size, double *number);

/* Return None, a str, bool, int or float; NULL for another value, or with an exception. */
PyObject *value_cell(const uint8_t *at, Py_ssize_t size);

#endif
