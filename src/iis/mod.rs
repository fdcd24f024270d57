//! What the pipeline asks of IIS.
