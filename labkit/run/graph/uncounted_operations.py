"""The operations that count as no floating point operations, by the names of their nodes.

As in `torch.utils.flop_counter`, only matrix products, convolutions and attention count. The cost
of the operations here is proportional to the number of elements that they read or write; they are
usually limited by memory bandwidth.
"""

from __future__ import annotations

from typing import Final

_VIEWS_AND_COPIES = """
    alias asstrided asstridedscatter cat clone col2im constantpadnd contiguous copy
    copybackwards copyslices detach diagembed diagonal diagonalscatter expand flip gather im2col
    index indexadd indexcopy indexfill indexput indexputimpl indexselect lift makedual
    maskedfill maskedscatter maskedselect negview permute pixelshuffle pixelunshuffle put
    reflectionpad1d reflectionpad2d reflectionpad3d repeat repeatinterleave replicationpad1d
    replicationpad2d replicationpad3d reshape reshapealias resize roll rot90 scatter scatteradd
    scatterreduce select selectscatter slice slicescatter split splitwithsizes squeeze stack t
    take tocopy todense tosparse trace transpose tril triu unbind unfold unsafechunk unsafeindex
    unsafeindexput unsafesplit unsafesplitwithsizes unsafeview unsqueeze values view
    viewascomplex viewasreal
"""
_ELEMENTWISE = """
    abs acos acosh add addcdiv addcmul angle asin asinh atan atan2 atanh bernoulli ceil celu
    clamp clampmax clampmin complex conj conjphysical copysign cos cosh deg2rad digamma div elu
    erf erfc erfinv exp exp2 expm1 fakequantizelearnableperchannelaffine
    fakequantizelearnablepertensoraffine fakequantizeperchannelaffinecachemask
    fakequantizepertensoraffinecachemask floor fmax fmin fmod frac frexp gelu glu hardshrink
    hardsigmoid hardswish hardtanh heaviside hypot i0 imag ldexp leakyrelu lerp lgamma log log10
    log1p log2 logaddexp logaddexp2 logit logsigmoid logsigmoidforward maximum minimum mish mul
    mvlgamma nantonum nativedropout neg nextafter polar polygamma pow prelukernel rad2deg real
    reciprocal relu relu6 remainder round rreluwithnoise rsqrt rsub sgn sigmoid sign silu sin
    sinc sinh softplus softshrink specialentr speciali0e speciali1 speciali1e speciallogndtr
    specialndtri specialxlog1py sqrt square sub tan tanh threshold trunc where xlogy
"""
_REDUCTIONS = """
    adaptiveavgpool2d adaptiveavgpool3d adaptivemaxpool2d adaptivemaxpool3d amax amin aminmax
    avgpool2d avgpool3d batchnorm binarycrossentropy binarycrossentropywithlogits cudnnbatchnorm
    cummax cummin cumprod cumsum dist embedding embeddingbag embeddingrenorm fractionalmaxpool2d
    fractionalmaxpool3d fusedlayernorm fusedrmsnorm gridsampler2d gridsampler3d huberloss
    kthvalue linalgcross linalgvectornorm logcumsumexp logsoftmax logsumexp max
    maxpool2dwithindices maxpool3dwithindices maxunpool2d maxunpool3d mean median min
    miopenbatchnorm mode mseloss multilabelmarginloss multimarginloss nanmedian nansum
    nativebatchnorm nativegroupnorm nativelayernorm nllloss nllloss2d norm poissonnllloss prod
    renorm safesoftmax segmentreduce smoothl1loss softmarginloss softmax sort std stdmean sum
    thnnfusedgrucell thnnfusedlstmcell topk upsamplebicubic2d upsamplebicubic2daa
    upsamplebilinear2d upsamplebilinear2daa upsamplelinear1d upsamplenearest1d upsamplenearest2d
    upsamplenearest3d upsamplenearestexact1d upsamplenearestexact2d upsamplenearestexact3d
    upsampletrilinear3d var varmean weightnorminterface
"""
UNCOUNTED: Final = frozenset(f"{_VIEWS_AND_COPIES} {_ELEMENTWISE} {_REDUCTIONS}".split())
"""Names as in `Node.op`; those of operators are in lower case and without underscores."""
