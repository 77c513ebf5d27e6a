"""What labels, reactions and outcomes say about the quality of a model."""
