"""Representations learned with queues, teachers, clusters and margins."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import mlp, watched

from .self_supervised import batch, views, with_batch_norm


def adam(model, lr=2e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def queue_of_negatives():
    """MoCo: keys of a slow encoder fill a queue, the loss rises while the queue fills."""
    query, key = mlp(outputs=8), mlp(outputs=8)
    key.load_state_dict(query.state_dict())
    key.requires_grad_(False)
    model = nn.ModuleDict({"query": query, "key": key})
    queue = F.normalize(torch.randn(256, 8), dim=1)
    place = 0
    optimizer = torch.optim.SGD(query.parameters(), lr=0.06, momentum=0.9, weight_decay=1e-4)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            first, second = views(32)
            q = F.normalize(query(first), dim=1)
            with torch.no_grad():
                for slow, fast in zip(key.parameters(), query.parameters(), strict=True):
                    slow.mul_(0.99).add_(fast, alpha=0.01)
                k = F.normalize(key(second), dim=1)
            logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], 1) / 0.2
            loss = F.cross_entropy(logits, torch.zeros(32, dtype=torch.long))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            queue[place : place + 32] = k
            place = (place + 32) % 256
    return run


def centred_teacher():
    """DINO: cross entropy of a sharpened, centred teacher, which may stay near its level."""
    student = with_batch_norm(outputs=16)
    teacher = copy.deepcopy(student).requires_grad_(False)
    centre = torch.zeros(16)
    optimizer = torch.optim.AdamW(student.parameters(), 1e-3)
    with lk.watch(student, show=False) as run:
        for _ in range(200):
            first, second = views()
            with torch.no_grad():
                raw = teacher(first)
                goals = ((raw - centre) / 0.04).softmax(1)
                centre.lerp_(raw.mean(0), 0.1)
            loss = -(goals * (student(second) / 0.1).log_softmax(1)).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
                    slow.lerp_(fast, 0.01)
    return run


def clusters_as_labels():
    """Labels are clusters of the model's own features, assigned anew at each round."""
    body, head = mlp(outputs=8), nn.Linear(8, 6)
    model = nn.Sequential(body, head)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(6):
            x = batch(256)
            model.eval()
            with torch.no_grad():
                features = F.normalize(body(x), dim=1)
                centres = features[torch.randperm(256)[:6]]
                for _ in range(5):
                    labels = torch.cdist(features, centres).argmin(1)
                    for i in range(6):
                        if (labels == i).any():
                            centres[i] = features[labels == i].mean(0)
            model.train()
            head.reset_parameters()
            for _ in range(5):
                for rows in torch.randperm(256).split(64):
                    loss = F.cross_entropy(model(x[rows]), labels[rows])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
    return run


def equal_assignments():
    """SwAV: prototypes with assignments that are balanced over the batch."""
    encoder = mlp(outputs=8)
    prototypes = nn.Linear(8, 12, bias=False)
    model = nn.Sequential(encoder, prototypes)

    @torch.no_grad()
    def balanced(scores):
        q = (scores / 0.1).exp().T
        for _ in range(3):
            q /= q.sum(1, keepdim=True) * 12
            q /= q.sum(0, keepdim=True) * q.shape[1]
        return (q * q.shape[1]).T

    def loss(step):
        with torch.no_grad():
            prototypes.weight.copy_(F.normalize(prototypes.weight, dim=1))
        first, second = (prototypes(F.normalize(encoder(view), dim=1)) for view in views())
        pairs = ((balanced(first), second), (balanced(second), first))
        return -sum((q * (p / 0.2).log_softmax(1)).sum(1).mean() for q, p in pairs) / 2

    return watched(model, loss, optimizer=adam(model), steps=200)


def redundancy_reduction():
    """Barlow twins: the cross-correlation of two views, with batch norm at the end."""
    model = nn.Sequential(with_batch_norm(outputs=16), nn.BatchNorm1d(16, affine=False))

    def loss(step):
        first, second = (model(view) for view in views())
        c = first.T @ second / 64
        on = (c.diagonal() - 1).pow(2).sum()
        return on + 5e-3 * (c.pow(2).sum() - c.diagonal().pow(2).sum())

    return watched(model, loss, optimizer=adam(model), steps=200)


def supervised_contrast():
    model = mlp(outputs=8)

    def loss(step):
        x = torch.randn(64, 10)
        y = x[:, :3].argmax(1)
        z = F.normalize(model(x), dim=1)
        logits = (z @ z.T / 0.2).masked_fill(torch.eye(64, dtype=torch.bool), -1e9)
        same = (y[:, None] == y[None]) & ~torch.eye(64, dtype=torch.bool)
        return -(logits.log_softmax(1) * same).sum(1).div(same.sum(1).clamp(min=1)).mean()

    return watched(model, loss, optimizer=adam(model), steps=200)


def pairs_with_a_margin():
    """Siamese pairs: distances of different ones beyond the margin cost nothing."""
    model = mlp(outputs=4)

    def loss(step):
        x, other = batch(64), batch(64)
        x_of_same = x + 0.1 * torch.randn_like(x)
        distance = (model(x) - model(x_of_same)).norm(dim=1)
        far = (model(x) - model(other)).norm(dim=1)
        return (distance.pow(2) + F.relu(1 - far).pow(2)).mean()

    return watched(model, loss, optimizer=adam(model), steps=250)


def hardest_triplets():
    """Mining within the batch: the loss stays at the margin for long, then falls."""
    model = mlp(outputs=8, width=64)

    def loss(step):
        x = torch.randn(64, 10)
        y = (x[:, 0] > 0).long()
        z = F.normalize(model(x), dim=1)
        distances = torch.cdist(z, z)
        same = y[:, None] == y[None]
        hardest = distances.masked_fill(~same, -1).amax(1)
        nearest = distances.masked_fill(same, 9).amin(1)
        return F.relu(hardest - nearest + 0.2).mean()

    return watched(model, loss, optimizer=adam(model), steps=250)


def angular_margin():
    """ArcFace: scaled cosines with a margin, so that the loss begins far above guessing."""
    body, weight = mlp(outputs=8), nn.Parameter(torch.randn(5, 8))
    model = nn.ModuleDict({"body": body})
    model.register_parameter("weight", weight)

    def loss(step):
        x = torch.randn(64, 10)
        y = x[:, :5].argmax(1)
        cosine = F.normalize(body(x), dim=1) @ F.normalize(weight, dim=1).T
        angle = cosine.clamp(-1 + 1e-6, 1 - 1e-6).acos()
        target = F.one_hot(y, 5).bool()
        return F.cross_entropy(16 * torch.where(target, (angle + 0.3).cos(), cosine), y)

    return watched(model, loss, optimizer=adam(model), steps=250)


def skip_gram():
    """Negative sampling: sparse gradients, a loss that creeps from 6 ln 2."""
    inside, outside = nn.Embedding(60, 8, sparse=True), nn.Embedding(60, 8, sparse=True)
    nn.init.zeros_(outside.weight)
    nn.init.uniform_(inside.weight, -0.5 / 8, 0.5 / 8)
    model = nn.ModuleDict({"inside": inside, "outside": outside})
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)

    def loss(step):
        words = torch.randint(60, (64,))
        near = (words + torch.randint(1, 4, (64,))) % 60
        w = inside(words)
        close = (w * outside(near)).sum(1)
        far = (w[:, None] * outside(torch.randint(60, (64, 5)))).sum(2)
        return -(F.logsigmoid(close) + F.logsigmoid(-far).sum(1)).mean()

    return watched(model, loss, optimizer=optimizer, steps=300)


def walks_on_a_graph():
    """Embeddings only, with SparseAdam and the logits loss of positive and negative pairs."""
    table = nn.Embedding(40, 8, sparse=True)
    model = nn.Sequential(table)
    optimizer = torch.optim.SparseAdam(model.parameters(), 0.01)

    def loss(step):
        nodes = torch.randint(40, (64,))
        near = nodes // 10 * 10 + torch.randint(10, (64,))
        far = torch.randint(40, (64,))
        a = table(nodes)
        logits = torch.cat([(a * table(near)).sum(1), (a * table(far)).sum(1)])
        return F.binary_cross_entropy_with_logits(logits, torch.arange(128).lt(64).float())

    return watched(model, loss, optimizer=optimizer, steps=300)


def slow_skip_gram():
    """The usual rate and a table of zeros: the loss stays at ln 2 while the table grows."""
    inside, outside = nn.Embedding(200, 16), nn.Embedding(200, 16)
    nn.init.zeros_(outside.weight)
    nn.init.uniform_(inside.weight, -0.5 / 16, 0.5 / 16)
    model = nn.ModuleDict({"inside": inside, "outside": outside})

    def loss(step):
        words = torch.randint(200, (128,))
        near = (words + torch.randint(1, 4, (128,))) % 200
        pairs = inside(words.repeat(2)) * outside(torch.cat([near, torch.randint(200, (128,))]))
        return F.binary_cross_entropy_with_logits(pairs.sum(1), torch.arange(256).lt(128).float())

    return watched(model, loss, lr=0.5, steps=300)


def matrix_factorisation():
    """Ratings with sparse tables and a bias; most of the error is noise."""
    users, items = nn.Embedding(50, 4), nn.Embedding(40, 4)
    model = nn.ModuleDict({"of_users": users, "of_items": items})
    for each in (users, items):
        nn.init.normal_(each.weight, std=0.1)
    a, b = torch.randn(50, 2), torch.randn(40, 2)
    optimizer = torch.optim.Adam(model.parameters(), 0.01, weight_decay=1e-5)

    def loss(step):
        u, i = torch.randint(50, (128,)), torch.randint(40, (128,))
        ratings = (a[u] * b[i]).sum(1) + 0.5 * torch.randn(128)
        return F.mse_loss((users(u) * items(i)).sum(1), ratings)

    return watched(model, loss, optimizer=optimizer, steps=300)


RUNS = (
    queue_of_negatives,
    centred_teacher,
    clusters_as_labels,
    equal_assignments,
    redundancy_reduction,
    supervised_contrast,
    pairs_with_a_margin,
    hardest_triplets,
    angular_margin,
    skip_gram,
    slow_skip_gram,
    walks_on_a_graph,
    matrix_factorisation,
)
