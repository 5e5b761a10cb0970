#!/usr/bin/env python3
"""Makes gp_reference.json: what scikit-learn's Gaussian process says for fixed hyperparameters.

    python3 tests/surrogate/gp_reference.py > tests/surrogate/gp_reference.json
"""
import json

import numpy as np
import sklearn
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

random = np.random.default_rng(7)
cases = []
for points, columns, variance, noise in ((12, 1, 1.3, 1e-2), (30, 3, 0.7, 1e-3), (60, 5, 2.0, 0.2)):
    x, at = random.random((points, columns)), random.random((20, columns))
    y = np.sin(5 * x).sum(axis=1) + 0.1 * random.standard_normal(points)
    scales = random.uniform(0.2, 1.5, columns)
    kernel = ConstantKernel(variance) * Matern(scales, nu=2.5) + WhiteKernel(noise)
    model = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0).fit(x, y - y.mean())
    mean, covariance = model.predict(at, return_cov=True)
    cases.append({"x": x.tolist(), "y": y.tolist(), "at": at.tolist(), "scales": scales.tolist(), "variance": variance, "noise": noise,
                  "mean": (mean + y.mean()).tolist(), "function_variance": (np.diag(covariance) - noise).tolist(),
                  "log_likelihood": model.log_marginal_likelihood_value_})
print(json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}))
