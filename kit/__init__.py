"""The floor of the house: what two rooms or more need, and no word of the business."""
