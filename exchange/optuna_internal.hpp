/// What reading and writing Optuna's schema share.
#pragma once

#include <cstdint>

namespace edgewise::exchange {

inline constexpr std::int64_t optuna_schema = 12;
inline constexpr const char* optuna_alembic = "v3.2.0.a";
inline constexpr const char* metric_names_key = "study:metric_names";
inline constexpr const char* constraints_key = "constraints";
inline constexpr const char* reason_key = "edgewise:reason";
inline constexpr const char* state_key = "edgewise:state";

}  // namespace edgewise::exchange
