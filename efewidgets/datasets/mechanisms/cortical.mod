TITLE The currents of efewidgets.datasets.models

COMMENT
The equations are those of efewidgets/datasets/models.py, where their sources stand:
Pospischil et al. 2008, Biol Cybern 99: 427-441 (spikes, M, L, T) and Kole et al. 2006, J Neurosci 26: 1677-1687 (Ih).
The leak is NEURON's own pas. A conductance of 0 leaves a current out.
ENDCOMMENT

NEURON {
    SUFFIX cortical
    USEION na READ ena WRITE ina
    USEION k READ ek WRITE ik
    USEION ca READ eca WRITE ica
    NONSPECIFIC_CURRENT ih
    RANGE g_na, g_kd, g_m, g_l, g_t, g_h, e_h, v_t, v_x, tau_max
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    g_na = 0 (S/cm2)
    g_kd = 0 (S/cm2)
    g_m = 0 (S/cm2)
    g_l = 0 (S/cm2)
    g_t = 0 (S/cm2)
    g_h = 0 (S/cm2)
    e_h = -45 (mV)
    v_t = -56 (mV)
    v_x = 2 (mV)
    tau_max = 1000 (ms)
}

ASSIGNED {
    v (mV)
    ena (mV)
    ek (mV)
    eca (mV)
    ina (mA/cm2)
    ik (mA/cm2)
    ica (mA/cm2)
    ih (mA/cm2)
    minf
    mtau (ms)
    hinf
    htau (ms)
    ninf
    ntau (ms)
    pinf
    ptau (ms)
    qinf
    qtau (ms)
    rinf
    rtau (ms)
    uinf
    utau (ms)
    winf
    wtau (ms)
}

STATE { m h n p q r u w }

BREAKPOINT {
    LOCAL s
    SOLVE gates METHOD cnexp
    s = 1 / (1 + exp(-(v + v_x + 57) / 6.2))
    ina = g_na * m * m * m * h * (v - ena)
    ik = (g_kd * n * n * n * n + g_m * p) * (v - ek)
    ica = (g_l * q * q * r + g_t * s * s * u) * (v - eca)
    ih = g_h * w * (v - e_h)
}

INITIAL {
    spikes(v)
    slow(v)
    m = minf
    h = hinf
    n = ninf
    p = pinf
    q = qinf
    r = rinf
    u = uinf
    w = winf
}

DERIVATIVE gates {
    spikes(v)
    slow(v)
    m' = (minf - m) / mtau
    h' = (hinf - h) / htau
    n' = (ninf - n) / ntau
    p' = (pinf - p) / ptau
    q' = (qinf - q) / qtau
    r' = (rinf - r) / rtau
    u' = (uinf - u) / utau
    w' = (winf - w) / wtau
}

FUNCTION fraction(x) {
    : x / (exp(x) - 1), with its limit at 0
    if (fabs(x) < 1e-6) {
        fraction = 1 - x / 2
    } else {
        fraction = x / (exp(x) - 1)
    }
}

PROCEDURE spikes(v (mV)) {
    LOCAL x, a, b
    x = v - v_t
    a = 0.32 * 4 * fraction((13 - x) / 4)
    b = 0.28 * 5 * fraction((x - 40) / 5)
    minf = a / (a + b)
    mtau = 1 / (a + b)
    a = 0.128 * exp((17 - x) / 18)
    b = 4 / (1 + exp((40 - x) / 5))
    hinf = a / (a + b)
    htau = 1 / (a + b)
    a = 0.032 * 5 * fraction((15 - x) / 5)
    b = 0.5 * exp((10 - x) / 40)
    ninf = a / (a + b)
    ntau = 1 / (a + b)
}

PROCEDURE slow(v (mV)) {
    LOCAL x, a, b
    pinf = 1 / (1 + exp(-(v + 35) / 10))
    ptau = tau_max / (3.3 * exp((v + 35) / 20) + exp(-(v + 35) / 20))
    a = 0.055 * 3.8 * fraction((-27 - v) / 3.8)
    b = 0.94 * exp((-75 - v) / 17)
    qinf = a / (a + b)
    qtau = 1 / (a + b)
    a = 0.000457 * exp((-13 - v) / 50)
    b = 0.0065 / (1 + exp((-15 - v) / 28))
    rinf = a / (a + b)
    rtau = 1 / (a + b)
    x = v + v_x
    uinf = 1 / (1 + exp((x + 81) / 4))
    utau = (30.8 + (211.4 + exp((x + 113.2) / 5)) / (1 + exp((x + 84) / 3.2))) / 3.7
    a = 0.00643 * 11.9 * fraction((v + 154.9) / 11.9)
    b = 0.193 * exp(v / 33.1)
    winf = a / (a + b)
    wtau = 1 / (a + b)
}
