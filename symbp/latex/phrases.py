"""What a derivation says in words, in English and in Chinese: one row for each thing said."""

from __future__ import annotations

from symbp.errors import unknown

LANGUAGES = ("en", "zh")

PHRASES: dict[str, tuple[str, str]] = {
    # headings
    "title": ("Backpropagation for {network}", "{network}的反向传播推导"),
    "fully connected": ("a fully connected network", "全连接网络"),
    "any network": ("a network", "网络"),
    "function": ("The activation is", "激活函数为："),
    "last name": ("The output is the last layer:", "输出即最后一层："),
    "forward": ("Forward pass", "前向传播"),
    "backward": ("Backward pass", "反向传播"),
    "last layer": ("The last layer", "输出层"),
    "hidden layers": ("The hidden layers", "隐藏层"),
    "values": ("From the cost back to the parameters", "从代价函数反向求各中间量的梯度"),
    "parameters": ("Weights and biases", "权重与偏置"),
    "any parameters": ("The parameters", "参数"),
    "results": ("The gradients", "梯度公式"),
    "update": ("Gradient descent", "梯度下降"),
    "every weight": ("Every weight, written out", "逐个写出每个参数的梯度"),
    "one weight": ("One parameter: ${entry}$", "单个参数：${entry}$"),
    # the network
    "notation": ("Notation: {title}.", "记号：{title}。"),
    "sizes": (
        "The layers have {sizes} units, so ${depth} = {last}$.",
        "各层的单元数依次为 {sizes}，即 ${depth} = {last}$。",
    ),
    "following sizes": ("Sizes that follow from others:", "由其他尺寸决定的尺寸："),
    "values of data": ("The values of the data:", "数据的取值："),
    "layers run": ("for ${domain}$", "其中 ${domain}$"),
    "cost": ("The cost:", "代价函数："),
    "defines delta": (
        "The error of a unit is the derivative of the cost by its pre-activation:",
        "误差项定义为代价对加权输入的偏导数：",
    ),
    # steps
    "goal": ("We want ${entry}${domain}.", "求 ${entry}${domain}。"),
    "chain": (
        "Chain rule, over everything that ${used}$ enters directly:",
        "链式法则，对所有直接用到 ${used}$ 的量求和：",
    ),
    "definition": ("Insert the definition:", "代入定义："),
    "derivative": ("Differentiate term by term:", "逐项求导："),
    "differentiate": (
        "Differentiate term by term; $[i = j]$ is 1 where the indices are equal, else 0:",
        "逐项求导；下标相同时 $[i = j]$ 为 1，否则为 0：",
    ),
    "collapse": (
        "Where a bracket fixes an index that is summed over, one term of the sum is left:",
        "方括号确定求和下标后，和式中只剩下标相同的一项：",
    ),
    "insert": ("Insert what was found before:", "代入前面已得到的结果："),
    "look up": (
        "Only the entry that the data name is left:",
        "只剩下数据所指的那一项：",
    ),
    "primes": ("Insert the derivative of the activation:", "代入激活函数的导数："),
    "name values": ("Write the activations by their names:", "用激活值的记号写出："),
    "name sums": ("Write what has a name by its name:", "用已定义的记号写出："),
    "name quotients": ("Write what has a name by its name:", "用已定义的记号写出："),
    "normalise": (
        "The exponentials over their sum are the activations again:",
        "指数除以其总和正是激活值：",
    ),
    "cancel": ("Simplify:", "化简："),
    "unit total": (
        "If the targets add up to one (one-hot or a distribution):",
        "若目标值之和为 1（独热向量或概率分布）：",
    ),
    "images": ("For all places at once:", "对所有位置一并写出："),
    # signs between arrays of places
    "valid": (
        "Here $*$ slides the second array, as it stands, over the first (a cross-correlation, "
        "which the field calls convolution); channels stay indices.",
        "这里 $*$ 表示把第二个数组原样在第一个数组上滑动"
        "（即互相关，习惯上称为卷积）；通道仍写作下标。",
    ),
    "stride": (
        "In $*_{{s}}$ the second array moves on by $s$ places at each step (the stride).",
        "$*_{{s}}$ 表示第二个数组每步移动 $s$ 个位置（即步幅）。",
    ),
    "full": (
        'A "full" convolution first puts zeros around the first array, on every side one less '
        "than the second is long.",
        "“full” 卷积先在第一个数组四周补零，每侧补零个数为第二个数组的长度减一。",
    ),
    "rot180": (
        "$\\operatorname{{rot180}}$ turns the kernel by 180°.",
        "$\\operatorname{{rot180}}$ 把卷积核旋转 180°。",
    ),
    "dilate": (
        "$\\operatorname{{dilate}}_{{s}}$ puts $s - 1$ zeros between neighbouring entries. With "
        'such a kernel a convolution is called dilated; a "full" one over such an array is a '
        "transposed convolution.",
        "$\\operatorname{{dilate}}_{{s}}$ 在相邻元素之间插入 $s - 1$ 个零。"
        "以此为卷积核即为空洞卷积；在这样的数组上作 “full” 卷积即为转置卷积。",
    ),
    "pad": (
        "$\\operatorname{{pad}}_{{P}}$ puts $P$ zeros on every side.",
        "$\\operatorname{{pad}}_{{P}}$ 在每侧补 $P$ 个零。",
    ),
    "crop": (
        "$\\operatorname{{crop}}_{{P}}$ takes $P$ places off on every side.",
        "$\\operatorname{{crop}}_{{P}}$ 在每侧去掉 $P$ 个位置。",
    ),
    "part": (
        "$(\\cdot)_{{a:b}}$ has the places $a$ to $b$ of an array, and zeros where it has none.",
        "$(\\cdot)_{{a:b}}$ 取数组的第 $a$ 到第 $b$ 个位置，数组没有的位置补零。",
    ),
    "avgpool": (
        "$\\operatorname{{avgpool}}$ takes the mean of each window of the size that its index "
        "says; the windows stand side by side.",
        "$\\operatorname{{avgpool}}$ 取每个窗口的平均值；窗口大小由下标给出，窗口互不重叠。",
    ),
    "maxpool": (
        "$\\operatorname{{maxpool}}$ takes the maximum of each window of the size that its index "
        "says; the windows stand side by side.",
        "$\\operatorname{{maxpool}}$ 取每个窗口的最大值；窗口大小由下标给出，窗口互不重叠。",
    ),
    "upsample": (
        "$\\operatorname{{upsample}}$ repeats each entry over a whole window.",
        "$\\operatorname{{upsample}}$ 把每个元素重复填满整个窗口。",
    ),
    "ones": (
        "$\\mathbf{{1}}$ is an array of ones of the size that its index says.",
        "$\\mathbf{{1}}$ 是元素全为 1 的数组，大小由下标给出。",
    ),
    "greatest": (
        "The bracket is 1 where an entry is that maximum, else 0.",
        "方括号在元素等于该最大值处取 1，否则取 0。",
    ),
    # signs between matrices
    "elementwise product": (
        "Here ${hadamard}$ multiplies entry by entry.",
        "这里 ${hadamard}$ 表示逐元素相乘。",
    ),
    "elementwise quotient": (
        "$\\oslash$ divides entry by entry.",
        "$\\oslash$ 表示逐元素相除。",
    ),
    "elementwise power": (
        "A power with $\\circ$ is taken entry by entry.",
        "指数带 $\\circ$ 表示逐元素求幂。",
    ),
    "vector of ones": (
        "$\\mathbf{{1}}$ is a vector of ones.",
        "$\\mathbf{{1}}$ 表示各元素均为 1 的向量。",
    ),
    "diagonal": (
        "$\\operatorname{{diag}}(v)$ is the matrix with $v$ on its diagonal.",
        "$\\operatorname{{diag}}(v)$ 表示以 $v$ 为对角线的对角矩阵。",
    ),
    "indicator": (
        "The bracket is 1 where the condition holds, else 0.",
        "方括号中的条件成立时取 1，否则取 0。",
    ),
    "matrices": ("As matrices and vectors:", "写成矩阵形式："),
    "matrix form": ("For all units at once:", "写成矩阵形式："),
    # one weight
    "paths": (
        "{count} paths lead from ${entry}$ to the cost; the derivative is the sum of the products "
        "along them.",
        "从 ${entry}$ 到代价共有 {count} 条路径；偏导数是各路径上导数之积的和。",
    ),
    "one path": (
        "One path leads from ${entry}$ to the cost; the derivative is the product along it.",
        "从 ${entry}$ 到代价只有一条路径；偏导数是这条路径上各导数之积。",
    ),
    "factors": ("The factors:", "各个因子："),
    "together": ("Together:", "合起来："),
    "in numbers": ("In numbers:", "代入数值："),
    "finite difference": (
        "A central difference of the cost gives ${value}$.",
        "对代价作中心差分得到 ${value}$。",
    ),
    # the end
    "step size": (
        "With step size ${rate}$, repeated until the cost no longer falls:",
        "以学习率 ${rate}$ 反复更新，直到代价不再下降：",
    ),
}


def say(key: str, language: str, **values: object) -> str:
    """A phrase in a language."""
    if language not in LANGUAGES:
        raise unknown("language", language, list(LANGUAGES))
    return PHRASES[key][LANGUAGES.index(language)].format(**values)
