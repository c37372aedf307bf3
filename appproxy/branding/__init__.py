"""What an organisation makes of our pages: its name, logo, texts and colours, checked. Pure."""

from appproxy.branding.brand import BRAND_KEYS, PLAIN, Brand, brand_key, check_brand, make_brand, style_path_of
from appproxy.branding.logo import BRAND_START, Logo, read_logo

__all__ = [
    "BRAND_KEYS", "BRAND_START", "PLAIN", "Brand", "Logo", "brand_key", "check_brand", "make_brand", "read_logo",
    "style_path_of",
]
