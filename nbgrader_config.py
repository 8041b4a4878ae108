"""Settings of every ``nbgrader`` command that runs in this folder.

``mnist-course release`` reads this file too, so that it makes the same bytes as
``nbgrader generate_assignment``. Preprocessors are named by strings: reading the settings loads
nothing.
"""

import os
import shutil
import sysconfig
from pathlib import Path

c = get_config()  # noqa: F821 - given by traitlets, which runs this file

# ---- The course -------------------------------------------------------------------------------
c.CourseDirectory.course_id = "mnist"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
# nbgrader copies every file beside a notebook to the students unless its name matches here.
c.CourseDirectory.ignore = [
    ".*",
    "__pycache__",
    "*.py[cod]",
    "*~",
    "*.bak",
    "*.orig",
    "*.swp",
    "*.tmp",
    "*.log",
    "*.h5",
    "*.keras",
    "*.npz",
    "*.zip",
    "Thumbs.db",
    "feedback",
    "solution*",
    "trials",
    "Untitled*",
]

# nbgrader starts `alembic` by name for every new gradebook, so a virtual environment that is not
# activated must be on the PATH too.
if shutil.which("alembic") is None:
    os.environ["PATH"] = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', '')}"

# ---- source/ -> release/ ----------------------------------------------------------------------
# release/ is generated and committed: without force, nbgrader would skip an assignment whose
# release exists, and a fresh clone would never get it into its gradebook.
c.GenerateAssignment.force = True
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
    "mnist_course.grading.release.NormalizeNotebook",
]
# A comment only: released notebooks run from top to bottom as they stand, so what a cell falls
# back to stands outside its solution, chosen by the notebook's author.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# ---- submitted/ -> autograded/ ----------------------------------------------------------------
# "Copy of m5 (1).ipynb" is a submission of m5; a file that is no notebook is graded as one that
# answers nothing.
c.Autograde.pre_convert_hook = "mnist_course.grading.gradebook.collect_renamed"
c.Autograde.exporter_class = "mnist_course.grading.gradebook.SubmissionExporter"
c.Autograde.sanitize_preprocessors = [
    "mnist_course.grading.gradebook.AlignSubmission",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "mnist_course.grading.gradebook.TrustedAutograde",
    "nbgrader.preprocessors.LimitOutput",
    "mnist_course.grading.gradebook.SaveTrustedGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.TrustedAutograde.deadline_seconds = 600

# ---- formgrader and feedback pages ------------------------------------------------------------
# Their templates insert Markdown as nbconvert renders it, a student's <script> included.
c.HTMLExporter.filters = {
    "markdown2html": "mnist_course.grading.nbgrader_pages.markdown_to_html",
}

# ---- autograded/ -> feedback/ -----------------------------------------------------------------
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "mnist_course.grading.gradebook.StudentView",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# ---- nbgrader validate ------------------------------------------------------------------------
# One cell trains a network; nbgrader allows 30 s. TensorFlow's start-up lines go to stderr, and
# nbgrader counts any stderr in a grade cell as a failure.
c.Execute.timeout = 600
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
