"""What follows predictions beside their labels: reactions, outcomes, loops, silence."""
