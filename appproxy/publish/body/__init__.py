"""URLs in bodies: what an application says of itself and its neighbours in pages, style sheets and scripts becomes public.

Every translator here takes bytes as they come and gives bytes as soon as they are known (`feed`, then `finish` once).
It changes the spans of URLs and nothing else, holds a bounded number of bytes, and does not care how its input is cut.
"""
