"""What any worker can say of any model, wherever the model is judged."""
