/* SPDX-License-Identifier: BSD-2-Clause */
/* An extension module of Python with a probe in it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "viztrace.h"

static long calls, armed;

static PyObject *tick(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	calls++;
	armed += *(volatile unsigned short *)&viz_value_semaphore != 0;
	VIZ_PROBE_VALUE("extension", "calls", calls);
	Py_RETURN_NONE;
}

static PyObject *counts(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return Py_BuildValue("ll", calls, armed);
}

static PyMethodDef methods[] = {
	{ "tick", tick, METH_NOARGS, "" },
	{ "counts", counts, METH_NOARGS, "" },
	{ NULL, NULL, 0, NULL },
};

static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, "vizext", "", -1, methods, NULL, NULL, NULL, NULL };

PyMODINIT_FUNC PyInit_vizext(void)
{
	return PyModule_Create(&module);
}
