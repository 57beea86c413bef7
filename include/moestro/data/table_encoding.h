// Rows of a table as tensors, by the schema of the training file.
#pragma once

#include <vector>

#include "moestro/core/tensor.h"
#include "moestro/data/dataset.h"
#include "moestro/data/table_schema.h"

namespace moestro {

class CsvTable;

enum class Targets { required, optional };

// Which columns of a table are the schema's: by name where both files have a header, otherwise by
// position. Throws UserError for columns that are not there.
struct Placement {
  std::vector<int64_t> inputs;  // one a column of the schema
  int64_t target = -1;          // none
};
Placement place_columns(const CsvTable& table, const TableSchema& schema, Targets targets);

// Classes (int64) or values (float32) of a column, as the schema has its target; throws UserError
// as encode_table.
Tensor encode_targets(const CsvTable& table, const TableSchema& schema, int64_t column);

// inputs [N, schema.width()], NaN where a number is missing; targets by the schema, undefined where
// they are optional and the table has no such column. Throws UserError "file:line: column "x": ..."
// for an unknown category or class, a text in a numeric column, a number that is not finite in
// float32, a missing target, a cell missing in a categorical column that missed none in training;
// and "file: ..." for columns that are not there.
Dataset encode_table(const CsvTable& table, const TableSchema& schema, Targets targets);

// Sets the means of numeric columns to those over the given rows, missing cells not counted; to 0,
// with a warning, where all are missing.
void fit_means(TableSchema& schema, const Tensor& inputs_ND);

// Writes the means over the NaN of encode_table, in place.
void fill_missing(const TableSchema& schema, const Tensor& inputs_ND);

}  // namespace moestro
