"""What endpoints accept and answer, as pydantic models; the OpenAPI document is made from them."""
