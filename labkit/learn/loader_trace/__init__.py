"""A real data loader, traced: which index went into which batch, fetched by which worker, when."""

from __future__ import annotations

from labkit.learn.loader_trace.tracing import BatchTrace
from labkit.learn.loader_trace.widget import LoaderTrace, trace_loader

__all__ = ["BatchTrace", "LoaderTrace", "trace_loader"]
