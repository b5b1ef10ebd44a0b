"""Models of which only a part is trained, on purpose, or a part at a time."""

import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrize

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, watched


def adam(parameters, lr=3e-3):
    return torch.optim.Adam(parameters, lr=lr)


def trained_before():
    """Return a model that has learned a related task."""
    model = mlp()
    optimizer = adam(model.parameters())
    for _ in range(60):
        x = torch.randn(64, 10)
        optimizer.zero_grad()
        F.cross_entropy(model(x), x[:, 1:4].argmax(1)).backward()
        optimizer.step()
    return model


class LowRank(nn.Module):
    """A frozen linear layer plus a product of two thin ones, of which the second begins at 0."""

    def __init__(self, base, rank=4):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Linear(base.in_features, rank, bias=False)
        self.up = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + 2 * self.up(self.down(x))


def low_rank_layers_everywhere():
    model = mlp(depth=4)
    for i, layer in enumerate(model):
        if isinstance(layer, nn.Linear):
            model[i] = LowRank(layer)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-2)
    return watched(model, classify(model, *points(128)), optimizer=optimizer, steps=150)


def low_rank_parametrization():
    class Added(nn.Module):
        def __init__(self, rows, columns):
            super().__init__()
            self.a = nn.Parameter(torch.randn(rows, 2) * 0.1)
            self.b = nn.Parameter(torch.zeros(2, columns))

        def forward(self, weight):
            return weight + self.a @ self.b

    model = mlp()
    model.requires_grad_(False)
    for layer in model:
        if isinstance(layer, nn.Linear):
            parametrize.register_parametrization(layer, "weight", Added(*layer.weight.shape))
    optimizer = adam([p for p in model.parameters() if p.requires_grad], 1e-2)
    return watched(model, classify(model, *points(128)), optimizer=optimizer, steps=150)


class Adapter(nn.Module):
    def __init__(self, layer, width):
        super().__init__()
        self.layer = layer
        self.down, self.up = nn.Linear(width, 4), nn.Linear(4, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x):
        made = self.layer(x)
        return made + self.up(F.gelu(self.down(made)))


def adapters_in_a_frozen_model():
    """Everything is given to the optimizer, also what is frozen."""
    model = mlp(depth=3).requires_grad_(False)
    for i in (0, 2, 4):
        model[i] = Adapter(model[i], 32)
    model[-1].requires_grad_(True)
    return watched(
        model, classify(model, *points(128)), optimizer=adam(model.parameters()), steps=150
    )


def biases_only():
    model = mlp(depth=3)
    for name, p in model.named_parameters():
        p.requires_grad_(name.endswith("bias") or name.startswith("6."))
    optimizer = adam([p for p in model.parameters() if p.requires_grad], 1e-2)
    return watched(model, classify(model, *points(128)), optimizer=optimizer, steps=150)


def new_words_only():
    """A hook on the gradient of a table lets through the last rows only."""
    table = nn.Embedding(50, 8)
    model = nn.Sequential(table, nn.Flatten(), nn.Linear(32, 2))
    mask = torch.zeros(50, 1)
    mask[45:] = 1
    table.weight.register_hook(lambda gradient: gradient * mask)

    def loss(step):
        words = torch.randint(40, 50, (64, 4))
        return F.cross_entropy(model(words), words.ge(45).any(1).long())

    return watched(model, loss, optimizer=adam(model.parameters()), steps=200)


def deepest_layers_with_tiny_rates():
    """Rates fall by 10 from layer to layer, down to 3e-7."""
    model = trained_before()
    groups = [
        {"params": layer.parameters(), "lr": 3e-3 * 0.1 ** (len(model) - i - 1)}
        for i, layer in enumerate(model)
        if isinstance(layer, nn.Linear)
    ]
    return watched(
        model, classify(model, *points(128)), optimizer=torch.optim.AdamW(groups), steps=200
    )


def layers_that_are_added_to_the_optimizer():
    """Each phase sets requires_grad of one more layer, and adds a group for it."""
    model = trained_before().requires_grad_(False)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)][::-1]
    layers[0].requires_grad_(True)
    optimizer = adam(layers[0].parameters())
    x, y = points(128)
    with lk.watch(model, show=False) as run:
        for step in range(180):
            if step in (60, 120):
                layer = layers[step // 60]
                layer.requires_grad_(True)
                optimizer.add_param_group({"params": list(layer.parameters()), "lr": 1e-3})
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def one_layer_after_the_other():
    """Greedy training: each layer is trained with a head of its own, then frozen."""
    layers = nn.ModuleList(nn.Sequential(nn.Linear(n, 16), nn.ReLU()) for n in (10, 16, 16))
    heads = nn.ModuleList(nn.Linear(16, 3) for _ in layers)
    model = nn.ModuleDict({"layers": layers, "heads": heads})
    x, y = points(128)
    with lk.watch(model, show=False) as run:
        for depth in range(3):
            optimizer = adam([*layers[depth].parameters(), *heads[depth].parameters()])
            for _ in range(60):
                with torch.no_grad():
                    h = x
                    for layer in layers[:depth]:
                        h = layer(h)
                loss = F.cross_entropy(heads[depth](layers[depth](h)), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return run


def fine_tuned_with_batch_norm_in_evaluation_mode():
    """The statistics fit, as they come from the same data; only the layers are trained on."""
    model = nn.Sequential(
        nn.Linear(10, 32),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Linear(32, 32),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Linear(32, 3),
    )
    x, y = points(256)
    for _ in range(40):
        model(x)

    def train():
        model.train()
        for layer in model:
            if isinstance(layer, nn.BatchNorm1d):
                layer.eval()

    train()
    return watched(model, classify(model, x, y), optimizer=adam(model.parameters()), steps=150)


def backbone_without_gradients_in_a_model():
    """The backbone is called under no_grad in forward, in evaluation mode, with dropout."""

    class Probe(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = nn.Sequential(
                nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.BatchNorm1d(32)
            ).requires_grad_(False)
            self.head = nn.Linear(32, 3)

        def forward(self, x):
            self.backbone.eval()
            with torch.no_grad():
                features = self.backbone(x)
            return self.head(features)

    model = Probe()
    return watched(
        model,
        classify(model, *points(128)),
        optimizer=adam(model.head.parameters(), 0.02),
        steps=150,
    )


def student_of_hidden_states():
    """A loss on hidden states and one on outputs; the student begins as a part of the teacher."""
    teacher = trained_before()
    student = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))
    student[0].load_state_dict(teacher[0].state_dict())
    project = nn.Linear(32, 32, bias=False)
    model = nn.ModuleDict({"student": student, "project": project})
    teacher = copy.deepcopy(teacher).eval().requires_grad_(False)

    def loss(step):
        x = torch.randn(64, 10)
        hidden = student[1](student[0](x))
        with torch.no_grad():
            wanted, soft = teacher[:-1](x), teacher(x)
        made = student[2](hidden)
        return F.mse_loss(project(hidden), wanted) + 0.5 * F.kl_div(
            (made / 2).log_softmax(1),
            (soft / 2).log_softmax(1),
            log_target=True,
            reduction="batchmean",
        )

    return watched(model, loss, optimizer=adam(model.parameters()), steps=200)


def second_model_uses_the_first():
    """One of two models is watched; the other is trained by losses that go through it."""
    encoder, decoder = mlp(outputs=4), mlp(outputs=10, inputs=4)
    encode, decode = adam(encoder.parameters()), adam(decoder.parameters())
    x = torch.randn(128, 10)
    with lk.watch(decoder, show=False) as run:
        for _ in range(150):
            encode.zero_grad()
            F.mse_loss(decoder(encoder(x)), x).backward()
            encode.step()
            decode.zero_grad()
            F.mse_loss(decoder(encoder(x).detach()), x).backward()
            decode.step()
    return run


RUNS = (
    low_rank_layers_everywhere,
    low_rank_parametrization,
    adapters_in_a_frozen_model,
    biases_only,
    new_words_only,
    deepest_layers_with_tiny_rates,
    layers_that_are_added_to_the_optimizer,
    one_layer_after_the_other,
    fine_tuned_with_batch_norm_in_evaluation_mode,
    backbone_without_gradients_in_a_model,
    student_of_hidden_states,
    second_model_uses_the_first,
)
