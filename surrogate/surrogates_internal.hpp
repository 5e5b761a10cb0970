/// The entries of the catalogue, each in the file of its model.
#pragma once

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

SurrogateEntry gp_entry();
SurrogateEntry xgboost_entry();
SurrogateEntry xgboost_ranker_entry();
SurrogateEntry random_forest_entry();
SurrogateEntry mlp_ensemble_entry();
SurrogateEntry bnn_entry();
SurrogateEntry bayesian_ridge_entry();

}  // namespace edgewise::surrogate
