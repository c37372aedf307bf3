"""The life of a request at each end: from where it is and what happens follow where it is then, and what is to be done."""
