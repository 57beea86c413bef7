"""Shows that each check of this folder finds a fault in a tree that has one."""
import shutil
import tempfile
import unittest
from pathlib import Path

import check_configuration_docs
import check_format
import check_includes


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("include/moestro/core/error.h", "#pragma once\n")
        self.write("include/moestro/nn/gate.h", '#include "moestro/core/error.h"\n')
        self.write("include/moestro/objective/terms.h", "#include <vector>\n")
        self.write("include/moestro/measure/usage.h", "")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


class Includes(Tree):
    def assert_fault(self, name, text, fault):
        self.write(name, text)
        self.assertEqual(check_includes.check(self.root), [fault])

    def test_downward_includes_pass(self):
        self.write("src/nn/gate.cpp", '#include "moestro/nn/gate.h"\n#include <moestro/core/error.h>\n')
        self.assertEqual(check_includes.check(self.root), [])

    def test_an_upward_include_is_found(self):
        self.assert_fault(
            "src/core/error.cpp",
            '\n#include "moestro/nn/gate.h"\n',
            "src/core/error.cpp:2: includes moestro/nn/gate.h: core stands below nn",
        )

    def test_an_upward_include_in_a_public_header_is_found(self):
        self.assert_fault(
            "include/moestro/core/log.h",
            "# include <moestro/nn/gate.h>\n",
            "include/moestro/core/log.h:1: includes moestro/nn/gate.h: core stands below nn",
        )

    def test_a_sideways_include_is_found(self):
        self.assert_fault(
            "src/objective/terms.cpp",
            '#include "moestro/measure/usage.h"\n',
            "src/objective/terms.cpp:1: includes moestro/measure/usage.h: "
            "objective and measure are siblings",
        )

    def test_a_private_header_of_another_floor_is_found(self):
        self.write("src/nn/kernels/plan.h", "")
        self.assert_fault(
            "src/data/idx.cpp",
            '#include "../nn/kernels/plan.h"\n',
            "src/data/idx.cpp:1: includes ../nn/kernels/plan.h: data stands below nn",
        )

    def test_a_missing_header_is_found(self):
        self.assert_fault(
            "src/nn/gate.cpp",
            '#include "moestro/core/gone.h"\n',
            "src/nn/gate.cpp:1: includes moestro/core/gone.h, which does not exist",
        )

    def test_an_unknown_floor_is_found(self):
        self.assert_fault("src/util/misc.cpp", "", 'src/util/misc.cpp: "util" is no floor of the house')

    def test_a_header_outside_the_floors_is_found(self):
        self.assert_fault(
            "include/moestro/all.h", "", "include/moestro/all.h: belongs to no floor"
        )

    def test_the_expensive_torch_header_is_found(self):
        self.assert_fault(
            "src/nn/gate.cpp",
            "#include <torch/torch.h>\n",
            "src/nn/gate.cpp:1: includes torch/torch.h, which costs half a minute a file",
        )

    def test_a_command_line_parser_outside_cli_is_found(self):
        self.write("src/cli/main.cpp", "#include <CLI/CLI.hpp>\n")
        self.assert_fault(
            "src/nn/gate.cpp",
            "#include <CLI/CLI.hpp>\n",
            "src/nn/gate.cpp:1: includes CLI/CLI.hpp, which belongs to cli",
        )


@unittest.skipUnless(shutil.which("clang-format"), "needs clang-format")
class Format(Tree):
    def test_only_the_unformatted_file_is_found(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("src/core/good.cpp", "int main() { return 0; }\n")
        bad = self.write("src/core/bad.cpp", "int  main( ) {return 0;}\n")
        self.assertEqual(check_format.unformatted(self.root, shutil.which("clang-format")), [bad])


class ConfigurationDocs(Tree):
    def test_a_stale_document_is_found(self):
        program = self.write("program", "#!/bin/sh\nprintf '%s %s\\n' \"$1\" \"$2\"\n")
        program.chmod(0o755)
        current = self.write("current.md", "config --markdown\n")
        stale = self.write("stale.md", "config\n")
        self.assertTrue(check_configuration_docs.is_current(current, str(program)))
        self.assertFalse(check_configuration_docs.is_current(stale, str(program)))


if __name__ == "__main__":
    unittest.main()
