"""Reinforcement learning: losses that are surrogates around 0, and targets that move."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical

import labkit as lk
from tests.unit.insight.loops import mlp, watched


def bandit_rewards(states, actions):
    """Return 1 for action 1 where the first feature is positive, and for action 0 elsewhere."""
    return (actions == (states[:, 0] > 0)).float()


def reinforce():
    """The surrogate of REINFORCE with a baseline stays around 0 while the reward rises."""
    policy = nn.Linear(4, 2)

    def surrogate(step):
        states = torch.randn(64, 4)
        choice = Categorical(logits=policy(states))
        actions = choice.sample()
        rewards = bandit_rewards(states, actions)
        return -(choice.log_prob(actions) * (rewards - rewards.mean())).mean()

    optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
    return watched(policy, surrogate, optimizer=optimizer, steps=300)


def growing_returns():
    """Returns grow with the policy, as those of a pole that is balanced: so does the surrogate."""
    policy = mlp(outputs=2, inputs=4, activation=nn.Tanh)

    def surrogate(step):
        states = torch.randn(64, 4)
        choice = Categorical(logits=policy(states))
        actions = choice.sample()
        rewards = bandit_rewards(states, actions)
        length = 10 * math.exp(6 * (rewards.mean().item() - 0.5))
        returns = length * torch.linspace(1, 0, 64) * (rewards + 0.2)
        return -(choice.log_prob(actions) * returns).sum()

    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    return watched(policy, surrogate, optimizer=optimizer, steps=250)


def ppo():
    """Clipped surrogates of normalised advantages begin each round at exactly 0."""
    policy = mlp(outputs=2, inputs=4, activation=nn.Tanh)
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    with lk.watch(policy, show=False) as run:
        for _ in range(50):
            states = torch.randn(64, 4)
            with torch.no_grad():
                before = Categorical(logits=policy(states))
                actions = before.sample()
                old = before.log_prob(actions)
            rewards = bandit_rewards(states, actions)
            gains = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
            for _ in range(4):
                choice = Categorical(logits=policy(states))
                ratio = (choice.log_prob(actions) - old).exp()
                clipped = ratio.clamp(0.8, 1.2)
                loss = -torch.min(ratio * gains, clipped * gains).mean()
                loss = loss - 0.01 * choice.entropy().mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
                optimizer.step()
    return run


class ActorCritic(nn.Module):
    """A trunk with the logits of two actions and the value of the state."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 32), nn.Tanh())
        self.actor, self.critic = nn.Linear(32, 2), nn.Linear(32, 1)

    def forward(self, states):
        hidden = self.trunk(states)
        return self.actor(hidden), self.critic(hidden)[:, 0]


def actor_critic():
    """The loss is a surrogate, an error of values and an entropy, with weights."""
    model = ActorCritic()

    def loss(step):
        states = torch.randn(32, 4)
        logits, values = model(states)
        choice = Categorical(logits=logits)
        actions = choice.sample()
        gains = bandit_rewards(states, actions) - values
        surrogate = -(choice.log_prob(actions) * gains.detach()).mean()
        return surrogate + 0.5 * gains.pow(2).mean() - 0.01 * choice.entropy().mean()

    return watched(model, loss, optimizer=torch.optim.RMSprop(model.parameters(), 1e-3), steps=300)


def q_learning():
    """Errors of temporal differences grow with the values, and jump when the target is copied."""
    online = mlp(outputs=2, inputs=4)
    target = copy.deepcopy(online)
    optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
    with lk.watch(online, show=False) as run:
        for step in range(300):
            states, following = torch.randn(64, 4), torch.randn(64, 4)
            with torch.no_grad():
                greedy = online(states).argmax(1)  # also how a behaviour policy is computed
                noise = torch.rand(64) < 0.1
                actions = torch.where(noise, torch.randint(2, (64,)), greedy)
                rewards = bandit_rewards(states, actions)
                goals = rewards + 0.95 * target(following).max(1).values
            chosen = online(states).gather(1, actions[:, None])[:, 0]
            loss = F.smooth_l1_loss(chosen, goals)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 25 == 24:
                target.load_state_dict(online.state_dict())
    return run


def growing_values():
    """Each step has a reward, so that the values and their errors grow for a long time."""
    online = mlp(outputs=2, inputs=4, width=64)
    target = copy.deepcopy(online)

    def loss(step):
        states, following = torch.randn(2, 64, 4)
        actions = torch.randint(2, (64,))
        with torch.no_grad():
            goals = 1 + bandit_rewards(states, actions) + 0.98 * target(following).max(1).values
        if step % 10 == 9:
            target.load_state_dict(online.state_dict())
        return F.mse_loss(online(states).gather(1, actions[:, None])[:, 0], goals)

    return watched(online, loss, optimizer=torch.optim.Adam(online.parameters(), 3e-3), steps=300)


def deterministic_policy_gradient():
    """The loss of the actor is the negative value of its critic: it falls far below 0."""
    actor, critic = mlp(outputs=1, inputs=3, activation=nn.Tanh), mlp(outputs=1, inputs=4)
    act = torch.optim.Adam(actor.parameters(), lr=1e-3)
    judge = torch.optim.Adam(critic.parameters(), lr=1e-3)
    with lk.watch({"actor": actor, "critic": critic}, show=False) as run:
        for _ in range(200):
            states = torch.randn(64, 3)
            with torch.no_grad():
                actions = actor(states) + 0.3 * torch.randn(64, 1)
            rewards = -(actions - states[:, :1]).pow(2)
            loss = F.mse_loss(critic(torch.cat([states, actions], 1)), rewards)
            judge.zero_grad()
            loss.backward()
            judge.step()
            surrogate = -critic(torch.cat([states, actor(states)], 1)).mean()
            act.zero_grad()
            surrogate.backward()
            act.step()
    return run


RUNS = (
    reinforce,
    growing_returns,
    ppo,
    actor_critic,
    q_learning,
    growing_values,
    deterministic_policy_gradient,
)
