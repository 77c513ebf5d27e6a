"""A FastAPI service: the prediction's span is a child of the request's.

    python examples/fastapi_service.py [http://127.0.0.1:34318]

It asks itself, without a port; serve it by `uvicorn` to ask it from outside. Who calls it with a
`traceparent` header finds the prediction in the caller's own trace.
"""

import asyncio
import sys
from typing import Annotated

import httpx
from fastapi import FastAPI, Header
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from pydantic import BaseModel

import barograph

app = FastAPI()


class Order(BaseModel):
    """What a client sends."""

    order_id: str
    amount: float
    region: str


@barograph.observe(
    model="fraud-rules", version="1.0", task="binary", id="order_id", slices=("region",)
)
async def predict(order: Order) -> float:
    """Return the probability that the order is a fraud."""
    return min(1.0, order.amount / 10_000)


@app.post("/predict")
async def decide(order: Order) -> dict[str, float]:
    """Answer a request."""
    return {"risk": await predict(order)}


@app.post("/orders/{order_id}/chargeback")
async def chargeback(order_id: str, source: Annotated[str, Header()] = "system") -> None:
    """Learn, weeks later, that the order was a fraud."""
    barograph.label(order_id, value=True, source="human" if source == "human" else "system")


async def main(endpoint: str) -> None:
    """Send two requests through the application."""
    barograph.configure(service="shop", endpoint=endpoint, set_global=True)
    FastAPIInstrumentor.instrument_app(app)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        order = {"order_id": "order-17", "amount": 250.0, "region": "EU"}
        print((await client.post("/predict", json=order)).json())
        await client.post("/orders/order-17/chargeback")
    sent = await asyncio.to_thread(barograph.force_flush)
    print("sent" if sent else "not sent: is a receiver listening?")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318"))
