"""URLs in HTML and XML: which attributes hold them, the tokenizer that finds tags, and the text between."""
