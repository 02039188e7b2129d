"""What the interface answers and accepts, as pydantic models: answers are built of them, the OpenAPI document made of them."""
