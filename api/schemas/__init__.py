"""What the interface answers and accepts, as pydantic models: the OpenAPI document is made from these and answers are built of them."""
