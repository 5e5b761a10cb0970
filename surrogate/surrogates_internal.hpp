/// How each surrogate is made.
#pragma once

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

std::unique_ptr<Surrogate> make_gp(const Columns& columns, std::uint64_t seed);
std::unique_ptr<Surrogate> make_xgboost(const Columns& columns, std::uint64_t seed);
std::unique_ptr<Surrogate> make_xgboost_ranker(const Columns& columns, std::uint64_t seed);
std::unique_ptr<Surrogate> make_random_forest(const Columns& columns, std::uint64_t seed);
std::unique_ptr<Surrogate> make_mlp_ensemble(const Columns& columns, std::uint64_t seed);
std::unique_ptr<Surrogate> make_bnn(const Columns& columns, std::uint64_t seed);
std::unique_ptr<Surrogate> make_bayesian_ridge(const Columns& columns, std::uint64_t seed);

}  // namespace edgewise::surrogate
