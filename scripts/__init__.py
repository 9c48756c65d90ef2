"""What the repository makes from its code: documents, pictures, dashboards."""
