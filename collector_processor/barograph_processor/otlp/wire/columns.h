/* Attributes of many spans as columns, each of one key. */

#ifndef BAROGRAPH_COLUMNS_H
#define BAROGRAPH_COLUMNS_H

#include "spans.h"

/* Return ([(key, place, count, rows, cells), ...], table, rows), or NULL with UNUSUAL or FAILED in
   `told`. `way_of` says of each key what to make of its values.

   The values of a column lie in the table from the word `place` on: doubles, or where there are
   cells the numbers of theirs, in 32 bits each. Whose they are stands in `rows` from the place
   `rows` on; -1 says that each span has one. The first two columns are names and statuses. */
PyObject *columns_read(const Spans *spans, PyObject *way_of, int *told);

#endif
