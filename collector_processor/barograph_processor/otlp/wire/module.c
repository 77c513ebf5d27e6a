/* The module that Python loads; what its function does stands in compiled.py. */

#include "index.h"

static PyMethodDef methods[] = {
    {"read", wire_read, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int
load(PyObject *Py_UNUSED(module))
{
    return index_draw_seeds();
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, load}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_wire",
    .m_doc = "Spans on the wire, found and read by compiled code.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__wire(void)
{
    return PyModuleDef_Init(&definition);
}
