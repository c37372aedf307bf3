"""What an organisation makes of our pages: its name, texts and colours, checked. Pure."""

from appproxy.branding.brand import BRAND_KEYS, PLAIN, STYLE_START, Brand, check_brand, make_brand, style_path_of

__all__ = ["BRAND_KEYS", "PLAIN", "STYLE_START", "Brand", "check_brand", "make_brand", "style_path_of"]
