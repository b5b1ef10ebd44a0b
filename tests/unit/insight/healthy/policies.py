"""Reinforcement learning with several losses, delayed updates and searches without gradients."""

import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical, Normal

import labkit as lk
from tests.unit.insight.loops import mlp, watched

from .reinforcement import ActorCritic, bandit_rewards


def soft_updated(target, online, share=0.01):
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), online.parameters(), strict=True):
            slow.lerp_(fast, share)


def soft_actor_critic():
    """Two critics, a policy with samples, and a temperature with an optimizer of its own."""
    policy = mlp(outputs=2, inputs=3)
    critics = nn.ModuleList([mlp(outputs=1, inputs=4), mlp(outputs=1, inputs=4)])
    targets = copy.deepcopy(critics).requires_grad_(False)
    log_alpha = torch.zeros(1, requires_grad=True)
    act = torch.optim.Adam(policy.parameters(), 1e-3)
    judge = torch.optim.Adam(critics.parameters(), 1e-3)
    warm = torch.optim.Adam([log_alpha], 1e-2)

    def sampled(states):
        mean, log_std = policy(states).chunk(2, 1)
        normal = Normal(mean, log_std.clamp(-5, 2).exp())
        raw = normal.rsample()
        action = raw.tanh()
        return action, (normal.log_prob(raw) - (1 - action.pow(2) + 1e-6).log()).sum(1)

    with lk.watch({"policy": policy, "critics": critics}, show=False) as run:
        for _ in range(60):
            states, following = torch.randn(64, 3), torch.randn(64, 3)
            with torch.no_grad():
                actions, _ = sampled(states)
                rewards = -(actions - states[:, :1].tanh()).pow(2)[:, 0]
                then, log_prob = sampled(following)
                both = torch.cat([following, then], 1)
                least = torch.min(targets[0](both), targets[1](both))[:, 0]
                goals = rewards + 0.9 * (least - log_alpha.exp() * log_prob)
            pairs = torch.cat([states, actions], 1)
            loss = sum(F.mse_loss(critic(pairs)[:, 0], goals) for critic in critics)
            judge.zero_grad()
            loss.backward()
            judge.step()
            made, log_prob = sampled(states)
            both = torch.cat([states, made], 1)
            value = torch.min(critics[0](both), critics[1](both))[:, 0]
            surrogate = (log_alpha.exp().detach() * log_prob - value).mean()
            act.zero_grad()
            surrogate.backward()
            act.step()
            heat = -(log_alpha.exp() * (log_prob.detach() - 1.0)).mean()
            warm.zero_grad()
            heat.backward()
            warm.step()
            soft_updated(targets, critics)
    return run


def delayed_policy():
    """TD3: the policy moves at every second step, and its gradients reach one critic."""
    actor, critic = mlp(outputs=1, inputs=3), nn.ModuleList(mlp(1, inputs=4) for _ in range(2))
    goal_actor, goal_critic = copy.deepcopy(actor), copy.deepcopy(critic)
    act = torch.optim.Adam(actor.parameters(), 1e-3)
    judge = torch.optim.Adam(critic.parameters(), 1e-3)
    model = nn.ModuleDict({"actor": actor, "critic": critic})
    with lk.watch(model, show=False) as run:
        for step in range(80):
            states, following = torch.randn(64, 3), torch.randn(64, 3)
            with torch.no_grad():
                actions = (actor(states).tanh() + 0.1 * torch.randn(64, 1)).clamp(-1, 1)
                rewards = -(actions - states[:, :1].tanh()).pow(2)
                noise = (0.2 * torch.randn(64, 1)).clamp(-0.5, 0.5)
                then = (goal_actor(following).tanh() + noise).clamp(-1, 1)
                both = torch.cat([following, then], 1)
                goals = rewards + 0.9 * torch.min(goal_critic[0](both), goal_critic[1](both))
            pairs = torch.cat([states, actions], 1)
            loss = F.mse_loss(critic[0](pairs), goals) + F.mse_loss(critic[1](pairs), goals)
            judge.zero_grad()
            loss.backward()
            judge.step()
            if step % 2:
                act.zero_grad()
                (-critic[0](torch.cat([states, actor(states).tanh()], 1)).mean()).backward()
                act.step()
                soft_updated(goal_actor, actor)
                soft_updated(goal_critic, critic)
    return run


def epochs_that_stop_early():
    """PPO leaves its epochs when the policy has moved too far, and counts values and entropy."""
    model = ActorCritic()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, eps=1e-5)
    with lk.watch(model, show=False) as run:
        for _ in range(40):
            states = torch.randn(128, 4)
            with torch.no_grad():
                logits, values = model(states)
                before = Categorical(logits=logits)
                actions = before.sample()
                old = before.log_prob(actions)
            returns = bandit_rewards(states, actions)
            gains = returns - values
            for _ in range(4):
                for rows in torch.randperm(128).split(64):
                    logits, made = model(states[rows])
                    choice = Categorical(logits=logits)
                    log_ratio = choice.log_prob(actions[rows]) - old[rows]
                    gain = (gains[rows] - gains[rows].mean()) / (gains[rows].std() + 1e-8)
                    bounded = log_ratio.exp().clamp(0.8, 1.2)
                    loss = (
                        torch.max(-gain * log_ratio.exp(), -gain * bounded).mean()
                        + 0.5 * F.mse_loss(made, returns[rows])
                        - 0.01 * choice.entropy().mean()
                    )
                    optimizer.zero_grad()
                    loss.backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
                    optimizer.step()
                if ((log_ratio.exp() - 1) - log_ratio).mean() > 0.01:
                    break
    return run


def critic_with_an_optimizer_of_its_own():
    """One backward pass of the sum of both losses, two optimizers."""
    actor, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=4)
    act = torch.optim.Adam(actor.parameters(), 1e-3)
    judge = torch.optim.Adam(critic.parameters(), 3e-3)
    with lk.watch(nn.ModuleList([actor, critic]), show=False) as run:
        for _ in range(150):
            states = torch.randn(32, 4)
            choice = Categorical(logits=actor(states))
            actions = choice.sample()
            gains = bandit_rewards(states, actions) - critic(states)[:, 0]
            loss = -(choice.log_prob(actions) * gains.detach()).mean() + gains.pow(2).mean()
            act.zero_grad()
            judge.zero_grad()
            loss.backward()
            act.step()
            judge.step()
    return run


def evolution_strategies():
    """Gradients are estimated from the returns of disturbed weights, and set by hand."""
    policy = mlp(outputs=1, inputs=3, width=8)
    optimizer = torch.optim.Adam(policy.parameters(), 0.02)
    vector = nn.utils.parameters_to_vector(policy.parameters()).detach()
    with lk.watch(policy, show=False) as run:
        for _ in range(80):
            states = torch.randn(32, 3)
            total = torch.zeros_like(vector)
            with torch.no_grad():
                vector = nn.utils.parameters_to_vector(policy.parameters())
                for _ in range(4):
                    noise = torch.randn_like(vector)
                    for sign in (1, -1):
                        nn.utils.vector_to_parameters(
                            vector + sign * 0.1 * noise, policy.parameters()
                        )
                        cost = (policy(states) - states[:, :1]).pow(2).mean()
                        total += sign * cost * noise / 0.8
                nn.utils.vector_to_parameters(vector, policy.parameters())
            begin = 0
            for p in policy.parameters():
                p.grad = total[begin : begin + p.numel()].view_as(p).clone()
                begin += p.numel()
            optimizer.step()
    return run


class Dueling(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 32), nn.ReLU())
        self.value, self.gain = nn.Linear(32, 1), nn.Linear(32, 3)

    def forward(self, states):
        hidden = self.trunk(states)
        gain = self.gain(hidden)
        return self.value(hidden) + gain - gain.mean(1, keepdim=True)


def dueling_networks():
    """Learning begins after some rounds that only collect, and happens every second round."""
    online = Dueling()
    target = copy.deepcopy(online).eval()
    optimizer = torch.optim.AdamW(online.parameters(), 1e-3, amsgrad=True)
    memory = []
    with lk.watch(online, show=False) as run:
        for round_ in range(300):
            state = torch.randn(8, 4)
            online.eval()
            with torch.no_grad():
                actions = online(state).argmax(1)
            online.train()
            actions = torch.where(torch.rand(8) < 0.2, torch.randint(3, (8,)), actions)
            memory.append((state, actions, (actions == state[:, :3].argmax(1)).float()))
            if round_ < 20 or round_ % 2:
                continue
            picks = torch.randint(len(memory), (8,)).tolist()
            states, chosen, rewards = (
                torch.cat(each) for each in zip(*[memory[i] for i in picks], strict=True)
            )
            with torch.no_grad():
                goals = rewards + 0.9 * target(torch.randn(64, 4)).amax(1)
            loss = F.smooth_l1_loss(online(states).gather(1, chosen[:, None])[:, 0], goals)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(online.parameters(), 100)
            optimizer.step()
            soft_updated(target, online, 0.05)
    return run


def imitation_with_growing_data():
    """DAgger: each round adds states of the policy itself to the data, which get harder."""
    policy = mlp(outputs=2, inputs=4)
    optimizer = torch.optim.Adam(policy.parameters(), 3e-3)
    states, labels = torch.randn(0, 4), torch.zeros(0, dtype=torch.long)
    with lk.watch(policy, show=False) as run:
        for round_ in range(10):
            new = (1 + 0.2 * round_) * torch.randn(64, 4)
            states = torch.cat([states, new])
            labels = torch.cat([labels, (new[:, 0] * new[:, 1] > 0).long()])
            for rows in torch.randint(len(states), (25, 64)):
                loss = F.cross_entropy(policy(states[rows]), labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return run


def prediction_of_a_random_network():
    """Curiosity by distillation: the target is frozen and random, the loss falls to nothing."""
    target, predictor = mlp(outputs=8, inputs=4), mlp(outputs=8, inputs=4)
    target.requires_grad_(False)
    model = nn.ModuleDict({"target": target, "predictor": predictor})
    states = torch.randn(64, 4)
    optimizer = torch.optim.Adam(predictor.parameters(), 3e-3)
    return watched(
        model,
        lambda step: (predictor(states) - target(states)).pow(2).mean(1).mean(),
        optimizer=optimizer,
        steps=300,
    )


def rewards_that_are_rare():
    """Most rounds have no reward, so that most surrogates are exactly 0."""
    policy = mlp(outputs=4, inputs=4)
    optimizer = torch.optim.Adam(policy.parameters(), 3e-3)

    def surrogate(step):
        states = torch.randn(4, 4)
        choice = Categorical(logits=policy(states))
        actions = choice.sample()
        rewards = ((actions == states.argmax(1)) & (torch.rand(4) < 0.1)).float()
        return -(choice.log_prob(actions) * rewards).mean()

    return watched(policy, surrogate, optimizer=optimizer, steps=200)


RUNS = (
    soft_actor_critic,
    delayed_policy,
    epochs_that_stop_early,
    critic_with_an_optimizer_of_its_own,
    evolution_strategies,
    dueling_networks,
    imitation_with_growing_data,
    prediction_of_a_random_network,
    rewards_that_are_rare,
)
