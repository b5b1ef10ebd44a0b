"""Cells that train six models of different kinds for some time each."""

IMPORTS = """
import time
import torch
import torch.nn.functional as F
from torch import nn
import labkit as lk

torch.manual_seed(0)
torch.set_num_threads(1)

def steps(seconds):
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        yield
"""

LINEAR = """
model = nn.Linear(1, 1)
x = torch.linspace(-1, 1, 64)[:, None]
y = 2 * x + 1 + 0.1 * torch.randn(64, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
with lk.watch(model, pace=20) as run:
    for _ in steps(seconds):
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""

CNN = """
from labkit import learn

digits = learn.digits()
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10),
)
data = torch.utils.data.TensorDataset(digits.x_train, digits.y_train)
loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
with lk.watch(model, activations=digits.x_train[:1]) as run:
    going = steps(seconds)
    for epoch in range(1000):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if next(going, 1) is not None:
                break
        model.eval()
        with torch.no_grad():
            logits = model(digits.x_test)
        model.train()
        run.log(
            validation_loss=F.cross_entropy(logits, digits.y_test),
            accuracy=(logits.argmax(1) == digits.y_test).float().mean(),
        )
        if next(going, 1) is not None:
            break
"""

LSTM = """
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(40, 24)
        self.lstm = nn.LSTM(24, 48, num_layers=2, batch_first=True)
        self.head = nn.Linear(48, 40)

    def forward(self, tokens):
        return self.head(self.lstm(self.embedding(tokens))[0])

model = Tagger()
tokens = torch.randint(0, 40, (16, 20))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
with lk.watch(model, activations=tokens[:1]) as run:
    for _ in steps(seconds):
        loss = F.cross_entropy(model(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
"""

GAN = """
def perceptron(inputs, outputs):
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
        nn.Linear(64, outputs),
    )

generator, critic = perceptron(8, 2), perceptron(2, 1)
g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.999))
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
with lk.watch({"generator": generator, "critic": critic}) as run:
    for _ in steps(seconds):
        angle = torch.rand(64) * 6.283
        real = torch.stack([angle.cos(), angle.sin()], 1)
        fake = generator(torch.randn(64, 8))
        d_loss = F.binary_cross_entropy_with_logits(critic(real), ones)
        d_loss = d_loss + F.binary_cross_entropy_with_logits(critic(fake.detach()), zeros)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        g_loss = F.binary_cross_entropy_with_logits(critic(fake), ones)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        run.log(d_loss=d_loss, g_loss=g_loss)
"""

BERT = """
from transformers import BertConfig, BertForSequenceClassification

config = BertConfig(
    hidden_size=96, num_hidden_layers=12, num_attention_heads=4, intermediate_size=192,
    vocab_size=500, max_position_embeddings=64,
)
model = BertForSequenceClassification(config)
tokens, labels = torch.randint(0, 500, (8, 24)), torch.randint(0, 2, (8,))
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
with lk.watch(model) as run:
    for _ in steps(seconds):
        loss = model(input_ids=tokens, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""

UNET = """
class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.norm = nn.GroupNorm(4, after)
        self.time = nn.Linear(16, after)
        self.second = nn.Conv2d(after, after, 3, padding=1)

    def forward(self, x, t):
        x = F.silu(self.norm(self.first(x)) + self.time(t)[:, :, None, None])
        return F.silu(self.second(x))

class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(1, 16), nn.SiLU(), nn.Linear(16, 16))
        self.down1, self.down2, self.middle = Block(1, 16), Block(16, 32), Block(32, 32)
        self.up2, self.up1 = Block(64, 16), Block(32, 16)
        self.out = nn.Conv2d(16, 1, 1)

    def forward(self, x, t):
        t = self.time(t)
        first = self.down1(x, t)
        second = self.down2(F.avg_pool2d(first, 2), t)
        middle = self.middle(F.avg_pool2d(second, 2), t)
        x = self.up2(torch.cat([F.interpolate(middle, scale_factor=2.0), second], 1), t)
        return self.out(self.up1(torch.cat([F.interpolate(x, scale_factor=2.0), first], 1), t))

model = UNet()
images = torch.rand(32, 1, 16, 16)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
with lk.watch(model) as run:
    for _ in steps(seconds):
        t = torch.rand(32, 1)
        noise = torch.randn_like(images)
        alpha = (1 - t)[:, :, None, None]
        predicted = model(alpha.sqrt() * images + (1 - alpha).sqrt() * noise, t)
        loss = F.mse_loss(predicted, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""

SIX_MODELS = {
    "linear": LINEAR,
    "cnn": CNN,
    "lstm": LSTM,
    "gan": GAN,
    "bert": BERT,
    "unet": UNET,
}
