"""Calls of every operation in PyTorch's table of derivatives that has several results."""

from pathlib import Path

import torch
import torchgen
import yaml

aten = torch.ops.aten

NOT_ON_CPU = {
    "runs with cuDNN only": [
        "_cudnn_ctc_loss", "_cudnn_ctc_loss.Tensor", "_cudnn_rnn", "_cudnn_rnn_backward",
        "cudnn_batch_norm", "cudnn_batch_norm_backward", "cudnn_grid_sampler_backward",
    ],
    "runs with MIOpen only": [
        "miopen_batch_norm", "miopen_batch_norm_backward", "miopen_ctc_loss",
        "miopen_ctc_loss.Tensor", "miopen_rnn", "miopen_rnn_backward",
    ],
    "runs on Apple's GPUs only": [
        "_lstm_mps", "linear_backward", "lstm_mps_backward", "mps_convolution_backward",
    ],
    "runs on CUDA only": ["_fused_dropout", "_thnn_fused_lstm_cell", "_thnn_fused_gru_cell"],
    "has no implementation in torch; backends of other vendors register theirs": [
        "convolution_backward_overrideable",
    ],
}  # fmt: skip


def operations_with_several_results():
    """Return the operations of PyTorch's table with several results that have a gradient."""
    table = Path(torchgen.__file__).parent / "packaged" / "autograd" / "derivatives.yaml"
    found = []
    for entry in yaml.safe_load(table.read_text()):
        name = entry["name"].split("(")[0]
        operation, _, overload = name.partition(".")
        schema = getattr(getattr(aten, operation), overload or "default")._schema
        kinds = [str(each.type) for each in schema.returns]
        differentiable = sum(map(bool, entry.get("output_differentiability") or kinds))
        if "List[Tensor]" in kinds or (kinds.count("Tensor") > 1 and differentiable > 1):
            found.append(name)
    return found


def _t(*shape, positive=False, double=False):
    size = torch.Size(shape).numel()
    values = torch.linspace(0.3, 1.7, size).mul(7.1).sin().reshape(shape) + 0.01
    values = values.abs() + 0.2 if positive else values
    return (values.double() if double else values).requires_grad_()


def _square(double=False):
    return (_t(3, 3).detach() + 2 * torch.eye(3)).requires_grad_()


def _symmetric():
    a = _square()
    return a @ a.T


def _batch_statistics():
    return torch.zeros(3), torch.ones(3)


def _lstm_layer_weights():
    return _t(16, 3), _t(16, 4), _t(16), _t(16)


def _mkldnn_arguments():
    zeros = torch.zeros(1, 2, 4)
    return (
        _t(5, 2, 3), *_lstm_layer_weights(), zeros, zeros.clone(), False, [], 2, 4, 1, True, False,
        False, True,
    )  # fmt: skip


def _mkldnn_backward():
    arguments = _mkldnn_arguments()
    x, w1, w2, w3, w4, h, c = arguments[:7]
    output, hn, cn, workspace = aten.mkldnn_rnn_layer(*arguments)
    ones = torch.ones_like
    return aten.mkldnn_rnn_layer_backward(
        x, w1, w2, w3, w4, h, c, output, hn, cn, ones(output), ones(hn), ones(cn), False, 2, 4, 1,
        True, True, False, [], False, workspace,
    )  # fmt: skip


def _batch_norm_backward(operation):
    x, weight = _t(4, 3, 2), _t(3)
    mean, var = _batch_statistics()
    _, save_mean, save_var = aten.native_batch_norm(x, weight, None, mean, var, True, 0.1, 1e-5)
    given = _t(4, 3, 2), x, weight, mean, var, save_mean.detach(), save_var.detach(), True, 1e-5
    if operation is aten.batch_norm_backward:
        grad, x, weight, *statistics = given
        update, eps = statistics[-2:]
        return operation(
            grad,
            x,
            weight,
            *statistics[:4],
            update,
            eps,
            [True] * 3,
            torch.zeros(0, dtype=torch.uint8),
        )
    return operation(*given, [True] * 3)


def _layer_norm_backward():
    x, weight, bias = _t(4, 3), _t(3), _t(3)
    _, mean, rstd = aten.native_layer_norm(x, [3], weight, bias, 1e-5)
    return aten.native_layer_norm_backward(
        _t(4, 3), x, [3], mean.detach(), rstd.detach(), weight, bias, [True] * 3
    )


def _convolution_backward():
    return aten.convolution_backward(
        _t(1, 2, 3, 3), _t(1, 2, 5, 5), _t(2, 2, 3, 3), [2], [1, 1], [0, 0], [1, 1], False, [0, 0],
        1, [True] * 3,
    )  # fmt: skip


def _log_probabilities():
    return torch.log_softmax(_t(6, 2, 4), -1), torch.tensor([[1, 2], [2, 3]])


def _integers(*values):
    return torch.tensor(values)


CALLS = {
    "chunk": lambda: _t(5, 3).chunk(2),
    "linalg_cholesky_ex": lambda: torch.linalg.cholesky_ex(_symmetric()),
    "cummax": lambda: _t(4, 3).cummax(0),
    "cummin": lambda: _t(4, 3).cummin(0),
    "_ctc_loss": lambda: aten._ctc_loss(*_log_probabilities(), [6, 6], [2, 2]),
    "_ctc_loss.Tensor": lambda: aten._ctc_loss(
        *_log_probabilities(), _integers(6, 6), _integers(2, 2)
    ),
    "_linalg_slogdet": lambda: torch.linalg.slogdet(_square()),
    "native_dropout": lambda: torch.native_dropout(_t(4, 3), 0.5, True),
    "fake_quantize_per_tensor_affine_cachemask": lambda: (
        aten.fake_quantize_per_tensor_affine_cachemask(_t(4), 0.1, 0, -128, 127)
    ),
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams": lambda: (
        aten._fake_quantize_per_tensor_affine_cachemask_tensor_qparams(
            _t(4), torch.tensor(0.1), torch.tensor(0), torch.tensor(1), -128, 127
        )
    ),
    "fake_quantize_per_channel_affine_cachemask": lambda: (
        aten.fake_quantize_per_channel_affine_cachemask(
            _t(3, 4), torch.full((3,), 0.1), torch.zeros(3, dtype=torch.int32), 0, -128, 127
        )
    ),
    "_fused_moving_avg_obs_fq_helper": lambda: aten._fused_moving_avg_obs_fq_helper(
        _t(4),
        torch.tensor([1]),
        torch.tensor([1]),
        torch.tensor([0.0]),
        torch.tensor([1.0]),
        torch.tensor([0.1]),
        torch.tensor([0], dtype=torch.int32),
        0.1,
        0,
        127,
        -1,
    ),
    "frexp.Tensor": lambda: torch.frexp(_t(4)),
    "grid_sampler_2d_backward": lambda: aten.grid_sampler_2d_backward(
        _t(1, 2, 3, 3), _t(1, 2, 4, 4), _t(1, 3, 3, 2), 0, 0, False, [True, True]
    ),
    "grid_sampler_3d_backward": lambda: aten.grid_sampler_3d_backward(
        _t(1, 2, 2, 2, 2), _t(1, 2, 3, 3, 3), _t(1, 2, 2, 2, 3), 0, 0, False, [True, True]
    ),
    "_grid_sampler_2d_cpu_fallback_backward": lambda: aten._grid_sampler_2d_cpu_fallback_backward(
        _t(1, 2, 3, 3), _t(1, 2, 4, 4), _t(1, 3, 3, 2), 0, 0, False
    ),
    "geqrf": lambda: torch.geqrf(_t(4, 3)),
    "kthvalue": lambda: _t(4, 3).kthvalue(2, 0),
    "linalg_lstsq": lambda: torch.linalg.lstsq(_t(5, 3), _t(5, 2)),
    "linalg_lu": lambda: torch.linalg.lu(_square()),
    "lu_unpack": lambda: torch.lu_unpack(*torch.linalg.lu_factor(_square())),
    "max.dim": lambda: _t(4, 3).max(0),
    "median.dim": lambda: _t(4, 3).median(0),
    "nanmedian.dim": lambda: _t(4, 3).nanmedian(0),
    "min.dim": lambda: _t(4, 3).min(0),
    "aminmax": lambda: _t(4, 3).aminmax(dim=0),
    "mode": lambda: _t(4, 3).mode(0),
    "native_batch_norm": lambda: torch.native_batch_norm(
        _t(4, 3), _t(3), _t(3), *_batch_statistics(), True, 0.1, 1e-5
    ),
    "_native_batch_norm_legit": lambda: aten._native_batch_norm_legit(
        _t(4, 3), _t(3), _t(3), *_batch_statistics(), True, 0.1, 1e-5
    ),
    "_native_batch_norm_legit_no_training": lambda: aten._native_batch_norm_legit_no_training(
        _t(4, 3), _t(3), _t(3), *_batch_statistics(), 0.1, 1e-5
    ),
    "_native_batch_norm_legit.no_stats": lambda: aten._native_batch_norm_legit.no_stats(
        _t(4, 3), _t(3), _t(3), True, 0.1, 1e-5
    ),
    "native_batch_norm_backward": lambda: _batch_norm_backward(aten.native_batch_norm_backward),
    "batch_norm_backward": lambda: _batch_norm_backward(aten.batch_norm_backward),
    "native_layer_norm": lambda: torch.native_layer_norm(_t(4, 3), [3], _t(3), _t(3), 1e-5),
    "native_layer_norm_backward": _layer_norm_backward,
    "_fused_rms_norm": lambda: aten._fused_rms_norm(_t(4, 3), [3], _t(3), 1e-5),
    "native_group_norm": lambda: aten.native_group_norm(
        _t(2, 4, 3), _t(4), _t(4), 2, 4, 3, 2, 1e-5
    ),
    "_batch_norm_with_update": lambda: aten._batch_norm_with_update(
        _t(4, 3), _t(3), _t(3), *_batch_statistics(), 0.1, 1e-5
    ),
    "_batch_norm_no_update": lambda: aten._batch_norm_no_update(
        _t(4, 3), _t(3), _t(3), *_batch_statistics(), 0.1, 1e-5
    ),
    "linalg_qr": lambda: torch.linalg.qr(_t(4, 3)),
    "split.Tensor": lambda: _t(5, 3).split(2),
    "unsafe_split.Tensor": lambda: torch.unsafe_split(_t(5, 3), 2),
    "split_with_sizes": lambda: _t(6, 5).split([1, 5]),
    "unsafe_split_with_sizes": lambda: torch.unsafe_split_with_sizes(_t(6, 5), [1, 5]),
    "std_mean.correction": lambda: torch.std_mean(_t(4, 3), 0),
    "_linalg_svd": lambda: torch.linalg.svd(_t(4, 3), full_matrices=False),
    "_linalg_eigh": lambda: torch.linalg.eigh(_symmetric()),
    "linalg_eig": lambda: torch.linalg.eig(_square()),
    "triangular_solve": lambda: aten.triangular_solve(_t(3, 2), _square()),
    "var_mean.correction": lambda: torch.var_mean(_t(4, 3), 0),
    "_weight_norm_interface": lambda: aten._weight_norm_interface(_t(4, 3), _t(4, 1)),
    "_embedding_bag": lambda: aten._embedding_bag(_t(5, 3), _integers(1, 2, 4), _integers(0, 2)),
    "multilabel_margin_loss_forward": lambda: aten.multilabel_margin_loss_forward(
        _t(2, 3), torch.tensor([[1, -1, 0], [0, 2, -1]]), 1
    ),
    "nll_loss_forward": lambda: aten.nll_loss_forward(_t(4, 3), _integers(0, 1, 2, 0), None, 1, -1),
    "nll_loss2d_forward": lambda: aten.nll_loss2d_forward(
        _t(1, 3, 2, 2), torch.tensor([[[0, 1], [2, 0]]]), None, 1, -1
    ),
    "_prelu_kernel_backward": lambda: aten._prelu_kernel_backward(_t(4, 3), _t(4, 3), _t(4, 3)),
    "rrelu_with_noise_functional": lambda: aten.rrelu_with_noise_functional(
        _t(4, 3), torch.ones(4, 3), 0.1, 0.3, True
    ),
    "convolution_backward": _convolution_backward,
    "_slow_conv2d_backward.output_mask": lambda: aten._slow_conv2d_backward.output_mask(
        _t(1, 2, 3, 3), _t(1, 2, 5, 5), _t(2, 2, 3, 3), [3, 3], [1, 1], [0, 0], [True] * 3
    ),
    "mkldnn_rnn_layer": lambda: aten.mkldnn_rnn_layer(*_mkldnn_arguments()),
    "mkldnn_rnn_layer_backward": _mkldnn_backward,
    "unbind.int": lambda: _t(3, 4).unbind(0),
    "_pack_padded_sequence": lambda: aten._pack_padded_sequence(
        _t(4, 2, 3), _integers(4, 2), False
    ),
    "_foreach_div.List": lambda: torch._foreach_div((_t(2), _t(3)), [_t(2), _t(3)]),
    "_foreach_pow.List": lambda: torch._foreach_pow(
        (_t(2, positive=True), _t(3, positive=True)), [_t(2), _t(3)]
    ),
    "_foreach_pow.ScalarList": lambda: torch._foreach_pow((_t(2), _t(3)), [2, 3]),
    "_foreach_pow.ScalarAndTensor": lambda: torch._foreach_pow(2, [_t(2), _t(3)]),
    "_foreach_minimum.Scalar": lambda: torch._foreach_minimum((_t(2), _t(3)), 0.5),
    "_foreach_minimum.ScalarList": lambda: torch._foreach_minimum((_t(2), _t(3)), [0.5, 0.1]),
    "_foreach_maximum.Scalar": lambda: torch._foreach_maximum((_t(2), _t(3)), 0.5),
    "_foreach_maximum.ScalarList": lambda: torch._foreach_maximum((_t(2), _t(3)), [0.5, 0.1]),
    "_foreach_norm.Scalar": lambda: torch._foreach_norm((_t(2), _t(2, 3))),
    "_foreach_mm": lambda: aten._foreach_mm((_t(2, 3), _t(3, 2)), [_t(3, 2), _t(2, 4)]),
}
