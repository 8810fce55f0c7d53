"""The report as a workbook: values, native charts, and nothing that calculates."""
