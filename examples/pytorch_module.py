"""PyTorch: the function that runs the module on a batch is what is watched.

python examples/pytorch_module.py [http://127.0.0.1:34318]
"""

import sys

import torch

import barograph

FEATURES = ("age", "debt")

torch.manual_seed(7)
module = torch.nn.Sequential(torch.nn.Linear(len(FEATURES), 8), torch.nn.ReLU())
module.append(torch.nn.Linear(8, 3)).append(torch.nn.Softmax(dim=1)).eval()


@barograph.observe(
    model="rating",
    version="1",
    task="multiclass",
    batch=True,
    features=FEATURES,
    classes=("low", "middle", "high"),
)
def predict(rows: torch.Tensor) -> torch.Tensor:
    """Return the probabilities of the classes, shape `(n, 3)`."""
    with torch.inference_mode():
        probabilities: torch.Tensor = module(rows)
        return probabilities


def main(endpoint: str) -> None:
    """Predict for five people at once: one span, an array a feature."""
    barograph.configure(service="credit", endpoint=endpoint)
    print(predict(torch.rand(5, len(FEATURES))).argmax(dim=1).tolist())
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
